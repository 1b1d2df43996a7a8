// TLS: key stores, trust stores and client certificates.

import { bool, javaClass, list, password, str } from "../setting.ts";

const honoured = true;
const perBroker = "per-broker";

export const tlsSettings = {
  "ssl.allow.dn.changes": bool(false, "Lets a new key store have another distinguished name than the one before.", { honoured }),
  "ssl.allow.san.changes": bool(false, "Lets a new key store have other alternative names than the one before.", { honoured }),
  "ssl.cipher.suites": list([], "Cipher suites that may be used, all that the TLS version has when empty.", {
    honoured,
    dynamic: perBroker,
  }),
  "ssl.client.auth": str("none", "Whether clients must show a certificate.", {
    honoured,
    dynamic: perBroker,
    oneOf: ["required", "requested", "none"],
  }),
  "ssl.enabled.protocols": list(["TLSv1.2", "TLSv1.3"], "Versions of TLS that may be used.", { honoured, dynamic: perBroker }),
  "ssl.endpoint.identification.algorithm": str("https", "How a server's name is checked against its certificate, empty for not at all.", {
    dynamic: perBroker,
  }),
  "ssl.engine.factory.class": javaClass(null, "Class that makes TLS engines.", { dynamic: perBroker }),
  "ssl.key.password": password("Password of the private key.", { honoured, dynamic: perBroker }),
  "ssl.keymanager.algorithm": str("SunX509", "Algorithm of the JVM's key manager.", { dynamic: perBroker }),
  "ssl.keystore.certificate.chain": password("Certificates of the private key, as PEM text.", { honoured, dynamic: perBroker }),
  "ssl.keystore.key": password("Private key, as PEM text.", { honoured, dynamic: perBroker }),
  "ssl.keystore.location": str(null, "File of the key store.", { honoured, dynamic: perBroker }),
  "ssl.keystore.password": password("Password of the key store.", { honoured, dynamic: perBroker }),
  "ssl.keystore.type": str("JKS", "Format of the key store: JKS, PKCS12 or PEM.", { honoured, dynamic: perBroker }),
  "ssl.principal.mapping.rules": str("DEFAULT", "Rules that turn a client certificate's distinguished name into a user name.", {
    honoured,
  }),
  "ssl.protocol": str("TLSv1.3", "Version of TLS that is used to make contexts.", { dynamic: perBroker }),
  "ssl.provider": str(null, "Security provider of the JVM that does TLS.", { dynamic: perBroker }),
  "ssl.secure.random.implementation": str(null, "Random number generator of the JVM for TLS.", { dynamic: perBroker }),
  "ssl.trustmanager.algorithm": str("PKIX", "Algorithm of the JVM's trust manager.", { dynamic: perBroker }),
  "ssl.truststore.certificates": password("Trusted certificates, as PEM text.", { honoured, dynamic: perBroker }),
  "ssl.truststore.location": str(null, "File of the trust store.", { honoured, dynamic: perBroker }),
  "ssl.truststore.password": password("Password of the trust store.", { honoured, dynamic: perBroker }),
  "ssl.truststore.type": str("JKS", "Format of the trust store: JKS, PKCS12 or PEM.", { honoured, dynamic: perBroker }),
};

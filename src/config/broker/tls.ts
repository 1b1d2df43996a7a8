// TLS: key stores, trust stores and client certificates.

import { bool, javaClass, list, password, str } from "../setting.ts";

const perBroker = "per-broker";

export const tlsSettings = {
  "ssl.allow.dn.changes": bool(false),
  "ssl.allow.san.changes": bool(false),
  "ssl.cipher.suites": list([], "", { dynamic: perBroker }),
  "ssl.client.auth": str("none", "Whether clients must show a certificate.", {
    dynamic: perBroker,
    oneOf: ["required", "requested", "none"],
  }),
  "ssl.enabled.protocols": list(["TLSv1.2", "TLSv1.3"], "", { dynamic: perBroker }),
  "ssl.endpoint.identification.algorithm": str("https", "", { dynamic: perBroker }),
  "ssl.engine.factory.class": javaClass(null, "", { dynamic: perBroker }),
  "ssl.key.password": password("", { dynamic: perBroker }),
  "ssl.keymanager.algorithm": str("SunX509", "", { dynamic: perBroker }),
  "ssl.keystore.certificate.chain": password("", { dynamic: perBroker }),
  "ssl.keystore.key": password("", { dynamic: perBroker }),
  "ssl.keystore.location": str(null, "", { dynamic: perBroker }),
  "ssl.keystore.password": password("", { dynamic: perBroker }),
  "ssl.keystore.type": str("JKS", "", { dynamic: perBroker }),
  "ssl.principal.mapping.rules": str("DEFAULT"),
  "ssl.protocol": str("TLSv1.3", "", { dynamic: perBroker }),
  "ssl.provider": str(null, "", { dynamic: perBroker }),
  "ssl.secure.random.implementation": str(null, "", { dynamic: perBroker }),
  "ssl.trustmanager.algorithm": str("PKIX", "", { dynamic: perBroker }),
  "ssl.truststore.certificates": password("", { dynamic: perBroker }),
  "ssl.truststore.location": str(null, "", { dynamic: perBroker }),
  "ssl.truststore.password": password("", { dynamic: perBroker }),
  "ssl.truststore.type": str("JKS", "", { dynamic: perBroker }),
};

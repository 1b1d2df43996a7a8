// Whether brokers can come together where their listener asks everybody for a certificate: they show the listener's own, which the listener
// has to trust, as Kafka demands it. The certificate of the broker that is called is not checked (peer-proof.ts).

import type { X509Certificate } from "node:crypto";
import type { BrokerConfig } from "../config/broker-config.ts";
import { interBrokerListener } from "../config/inter-broker.ts";
import { isTlsProtocol } from "../config/listener-rules.ts";
import { securityProtocolOf } from "../config/listeners.ts";
import { ListenerTlsSettings } from "./tls-settings.ts";
import { readStores } from "./tls-terms.ts";

/** Of a broker that is one of several. Reads the files. Throws SettingError. */
export function checkPeerTrust(config: BrokerConfig, nowMs: number): void {
  const listener = interBrokerListener(config);
  if (listener === undefined || !isTlsProtocol(securityProtocolOf(config["listener.security.protocol.map"], listener))) return;
  const settings = new ListenerTlsSettings(config, listener);
  if (settings.get("ssl.client.auth") !== "required") return;
  const { keyStore, trusted = [] } = readStores(settings, nowMs);
  if (keyStore.chain.some((certificate) => trusted.some((authority) => isTrustedBy(certificate, authority)))) return;
  throw settings.fault(
    "ssl.truststore.location",
    `brokers and workers reach each other on listener ${listener}, which asks them for a certificate: it has to trust its own`,
  );
}

function isTrustedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.raw.equals(authority.raw) || (certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
}

// Why a TLS handshake failed, in words that say what to do, from what OpenSSL calls it.

/** A connection that did not get as far as speaking Kafka. Its message is for the log. */
export class HandshakeFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HandshakeFailure";
  }
}

const UNTRUSTING = "the client does not trust this listener's certificate; give it the certificate authority (ssl.truststore, ca)";
const PLAIN =
  "the client does not speak TLS: this listener does; set security.protocol=SSL (ssl in kafkajs), or use a listener without TLS";
const OLD_VERSION = "the client and this listener have no version of TLS in common; see ssl.enabled.protocols";
const NO_CIPHER = "the client and this listener have no cipher suite in common; see ssl.cipher.suites";

/** By what the codes end with. */
const REASONS: readonly (readonly [ends: string, reason: string])[] = [
  ["WRONG_VERSION_NUMBER", PLAIN],
  ["PACKET_LENGTH_TOO_LONG", PLAIN],
  ["RECORD_LAYER_FAILURE", PLAIN],
  ["UNEXPECTED_MESSAGE", PLAIN],
  ["BAD_RECORD_TYPE", PLAIN],
  ["HTTP_REQUEST", "the client speaks HTTP: this port is for Kafka clients, over TLS"],
  ["HTTPS_PROXY_REQUEST", "the client speaks HTTP: this port is for Kafka clients, over TLS"],
  ["UNSUPPORTED_PROTOCOL", OLD_VERSION],
  ["ALERT_PROTOCOL_VERSION", OLD_VERSION],
  ["VERSION_TOO_LOW", OLD_VERSION],
  ["NO_SHARED_CIPHER", NO_CIPHER],
  ["NO_SUITABLE_SIGNATURE_ALGORITHM", NO_CIPHER],
  ["NO_SUITABLE_KEY_SHARE", NO_CIPHER],
  ["PEER_DID_NOT_RETURN_A_CERTIFICATE", "the client shows no certificate, and ssl.client.auth=required asks for one; give it a key store"],
  ["ALERT_UNKNOWN_CA", UNTRUSTING],
  ["ALERT_CERTIFICATE_UNKNOWN", UNTRUSTING],
  ["ALERT_BAD_CERTIFICATE", UNTRUSTING],
  ["ALERT_CERTIFICATE_EXPIRED", "the client takes this listener's certificate for expired"],
  ["ALERT_HANDSHAKE_FAILURE", "the client gave up the handshake"],
];

const UNTRUSTED: { readonly [code: string]: string } = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  INVALID_PURPOSE: "is not meant for clients",
};

/** `protocol`: what the listener speaks, "SSL" or "SASL_SSL". */
export function handshakeFailure(error: Error, protocol: string): HandshakeFailure {
  const code = "code" in error ? String(error.code) : "";
  const reason = REASONS.find(([ends]) => code.endsWith(ends))?.[1].replace("security.protocol=SSL", `security.protocol=${protocol}`);
  return new HandshakeFailure(reason ?? `the TLS handshake failed: ${error.message}`, { cause: error });
}

/** `code`: what OpenSSL says of the client's certificate. */
export function untrustedCertificate(code: string, subject: string): HandshakeFailure {
  const what = UNTRUSTED[code] ?? `is signed by nobody in this listener's trust store (${code})`;
  return new HandshakeFailure(`the client's certificate ${subject} ${what}`);
}

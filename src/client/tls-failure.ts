// Why a client and a broker could not come together over TLS, in words that say what to do, from what OpenSSL and Node call it.

import type { Socket } from "node:net";
import { codeOf, messageOf } from "./client-error.ts";
import type { Address } from "./socket.ts";

const NOT_TAKEN = "it does not take this client's certificate; see ssl.keystore.location";
const NO_TLS =
  "it does not speak TLS there; set security.protocol=PLAINTEXT or SASL_PLAINTEXT, or name a listener that speaks TLS with --bootstrap-server";
const OLD_VERSION = "it has no version of TLS in common with this client; see ssl.enabled.protocols";
const NO_CIPHER = "it has no version of TLS or cipher suite in common with this client; see ssl.enabled.protocols and ssl.cipher.suites";

/** By what OpenSSL's codes end with. */
const HANDSHAKES: readonly (readonly [ends: string, reason: string])[] = [
  ["WRONG_VERSION_NUMBER", NO_TLS],
  ["PACKET_LENGTH_TOO_LONG", NO_TLS],
  ["RECORD_LAYER_FAILURE", NO_TLS],
  ["ALERT_CERTIFICATE_REQUIRED", "it asks for a certificate; give this client one with ssl.keystore.location"],
  ["ALERT_BAD_CERTIFICATE", NOT_TAKEN],
  ["ALERT_CERTIFICATE_UNKNOWN", NOT_TAKEN],
  ["ALERT_UNKNOWN_CA", NOT_TAKEN],
  ["ALERT_CERTIFICATE_EXPIRED", NOT_TAKEN],
  ["ALERT_PROTOCOL_VERSION", OLD_VERSION],
  ["UNSUPPORTED_PROTOCOL", OLD_VERSION],
  ["ALERT_HANDSHAKE_FAILURE", NO_CIPHER],
  ["NO_CIPHERS_AVAILABLE", NO_CIPHER],
];

const CERTIFICATES: { readonly [code: string]: string } = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  INVALID_PURPOSE: "its certificate is not meant for servers",
};
const OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/** The middle of a sentence about the broker; `undefined` for what is no matter of TLS, such as a connection that broke. */
export function tlsFailure(error: Error, socket: Socket, { host }: Address): string | undefined {
  const code = codeOf(error) ?? "";
  if (code === OTHER_NAME) return otherName(error, host);
  if ("authorizationError" in socket && socket.authorizationError)
    return CERTIFICATES[code] ?? `its certificate is not trusted (${code}); name who signed it, or it itself, with ssl.truststore.location`;
  const reason = HANDSHAKES.find(([ends]) => code.endsWith(ends))?.[1];
  if (reason !== undefined) return reason;
  return code.startsWith("ERR_SSL_") ? `the TLS handshake failed: ${messageOf(error)}` : undefined;
}

function otherName(error: Error, host: string): string {
  const names = "cert" in error && typeof error.cert === "object" && error.cert !== null ? namesIn(error.cert) : "";
  return `its certificate is not made out to ${host}${names}; connect by a name that it has, or leave names unchecked with an empty ssl.endpoint.identification.algorithm`;
}

function namesIn(certificate: object): string {
  const names = "subjectaltname" in certificate ? certificate.subjectaltname : undefined;
  return typeof names === "string" && names !== "" ? `, but to ${names}` : "";
}

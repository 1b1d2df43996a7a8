// On what terms a client speaks TLS, by Kafka's names: what it trusts, what it shows of itself, and what it checks of the other side.

import type { ClientTls } from "../client/socket.ts";
import { readKeyStore, readTrustStore } from "./stores.ts";
import type { TlsSettings } from "./tls-settings.ts";
import { ciphersOf, contextOptions, versionsOf } from "./tls-terms.ts";

export interface ClientTlsOptions {
  /** Those of node:tls, in lower case. */
  readonly knownCiphers: readonly string[];
  readonly nowMs: number;
}

/** Reads the files. Throws what `settings.fault` makes. */
export function clientTls(settings: TlsSettings, { knownCiphers, nowMs }: ClientTlsOptions): ClientTls {
  const terms = { versions: versionsOf(settings), ciphers: ciphersOf(settings, knownCiphers) };
  const stores = { keyStore: readKeyStore(settings, nowMs), trusted: readTrustStore(settings) };
  return {
    context: contextOptions(terms, stores),
    checks: settings.get("ssl.endpoint.identification.algorithm") === "" ? "trust" : "host",
  };
}

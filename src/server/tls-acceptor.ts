// What secures the connections of one listener: the terms that hold as long as it is open, and the key and trust stores of the moment.
// Whether a certificate is valid now is asked of the system's time, by which OpenSSL goes too, whatever clock the broker has.

import { constants, createHash } from "node:crypto";
import type { SecureContext } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { nodeTls } from "../base/node-tls.ts";
import { systemClock } from "../base/system-clock.ts";
import type { ClientTls } from "../client/socket.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { securityProtocolOf } from "../config/listeners.ts";
import { SettingError } from "../config/setting.ts";
import { ListenerTlsSettings } from "../security/tls-settings.ts";
import { contextOptions, readStores, replacementFault, type TlsStores, type TlsTerms, tlsTerms } from "../security/tls-terms.ts";

export class TlsAcceptor {
  readonly listener: string;
  /** "SSL", or "SASL_SSL". */
  readonly protocol: string;
  readonly terms: TlsTerms;
  readonly clock: Clock;
  #stores: TlsStores;
  #context: SecureContext;

  /** Reads the files that the settings name. Throws SettingError. */
  constructor(config: BrokerConfig, listener: string, clock: Clock) {
    const settings = new ListenerTlsSettings(config, listener);
    this.listener = listener;
    this.protocol = securityProtocolOf(config["listener.security.protocol.map"], listener);
    this.clock = clock;
    this.terms = tlsTerms(settings, nodeTls().getCiphers());
    this.#stores = readStores(settings, systemClock.now());
    this.#context = contextOf(settings, this.terms, this.#stores);
  }

  get context(): SecureContext {
    return this.#context;
  }

  /**
   * For connections to other brokers' listeners of this name, where the same certificate is shown if one is demanded. Theirs is not checked:
   * over such a connection brokers prove to each other who they are (peer-proof.ts).
   */
  get asPeer(): ClientTls {
    const keyStore = this.terms.clientAuth === "required" ? this.#stores.keyStore : undefined;
    return { context: contextOptions(this.terms, { keyStore, trusted: undefined }), checks: "nothing" };
  }

  /** Why its stores may not be replaced by those that the settings name; nothing is said of settings that are as before. */
  replacementFault(before: BrokerConfig, after: BrokerConfig): string | undefined {
    const settings = new ListenerTlsSettings(after, this.listener);
    if (settings.hasStoresOf(new ListenerTlsSettings(before, this.listener))) return undefined;
    try {
      const stores = readStores(settings, systemClock.now());
      contextOf(settings, this.terms, stores);
      return replacementFault(settings, this.#stores.keyStore, stores.keyStore);
    } catch (error) {
      if (error instanceof SettingError) return error.message;
      throw error;
    }
  }

  /** Takes what the settings name now, and gives whether that is something else. Connections that are there keep what they have. Throws SettingError. */
  reload(config: BrokerConfig): boolean {
    const settings = new ListenerTlsSettings(config, this.listener);
    const stores = readStores(settings, systemClock.now());
    if (JSON.stringify(contextOptions(this.terms, stores)) === JSON.stringify(contextOptions(this.terms, this.#stores))) return false;
    this.#context = contextOf(settings, this.terms, stores);
    this.#stores = stores;
    return true;
  }
}

function contextOf(settings: ListenerTlsSettings, terms: TlsTerms, stores: TlsStores): SecureContext {
  const { createSecureContext } = nodeTls();
  try {
    const options = contextOptions(terms, stores);
    // Who comes back with a session that was made under other certificates starts anew. OpenSSL takes 32 bytes, and refuses to take up a
    // session again where clients show certificates and there is nothing to tell sessions apart by.
    const sessionIdContext = createHash("sha256").update(JSON.stringify(options)).digest("hex").slice(0, 32);
    return createSecureContext({ ...options, sessionIdContext, secureOptions: constants.SSL_OP_NO_RENEGOTIATION });
  } catch (error) {
    throw settings.fault("ssl.keystore.location", `OpenSSL refuses it: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

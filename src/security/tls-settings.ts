// What TLS is set to, for a listener or for a client: the same names and the same values, which have each their place.

import { type BrokerConfig, type Held, heldByListener } from "../config/broker-config.ts";
import type { BrokerSettingName, BrokerSettingValues } from "../config/broker-settings.ts";
import { STORE_SETTINGS } from "../config/listener-settings.ts";
import { SettingError } from "../config/setting.ts";

export type TlsSettingName = BrokerSettingName & `ssl.${string}`;

export interface TlsSettings {
  get<Name extends TlsSettingName>(name: Name): BrokerSettingValues[Name];
  /** What is wrong with one of them: a sentence that begins with its name. */
  fault(name: TlsSettingName, message: string, cause?: unknown): Error;
}

/** A listener's own `listener.name.<name>.ssl.…`, else the broker's `ssl.…`, each with where it was given. */
export class ListenerTlsSettings implements TlsSettings {
  readonly listener: string;
  readonly #config: BrokerConfig;

  constructor(config: BrokerConfig, listener: string) {
    this.#config = config;
    this.listener = listener;
  }

  get<Name extends TlsSettingName>(name: Name): BrokerSettingValues[Name] {
    return this.#held(name).value;
  }

  /** Whether key store and trust store are set as there. */
  hasStoresOf(other: ListenerTlsSettings): boolean {
    return [...STORE_SETTINGS].every((name) => this.get(name) === other.get(name));
  }

  fault(name: TlsSettingName, message: string, cause?: unknown): SettingError {
    const { setting, place } = this.#held(name);
    const error = new SettingError("INVALID_VALUE", setting, `${setting}: ${message}`, place);
    if (cause !== undefined) error.cause = cause;
    return error;
  }

  #held<Name extends TlsSettingName>(name: Name): Held<BrokerSettingValues[Name]> {
    return heldByListener(this.#config, this.listener, name);
  }
}

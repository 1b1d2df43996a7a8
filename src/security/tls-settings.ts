// What a listener's TLS is set to: its own `listener.name.<name>.ssl.…`, else the broker's `ssl.…`, each with where it was given.

import { type BrokerConfig, type Held, heldByListener } from "../config/broker-config.ts";
import type { BrokerSettingName, BrokerSettingValues } from "../config/broker-settings.ts";
import { STORE_SETTINGS } from "../config/listener-settings.ts";
import { SettingError } from "../config/setting.ts";

export type TlsSettingName = BrokerSettingName & `ssl.${string}`;

export class TlsSettings {
  readonly listener: string;
  readonly #config: BrokerConfig;

  constructor(config: BrokerConfig, listener: string) {
    this.#config = config;
    this.listener = listener;
  }

  held<Name extends TlsSettingName>(name: Name): Held<BrokerSettingValues[Name]> {
    return heldByListener(this.#config, this.listener, name);
  }

  get<Name extends TlsSettingName>(name: Name): BrokerSettingValues[Name] {
    return this.held(name).value;
  }

  /** Whether key store and trust store are set as there. */
  hasStoresOf(other: TlsSettings): boolean {
    return [...STORE_SETTINGS].every((name) => this.get(name) === other.get(name));
  }

  /** What is wrong with one of them: a sentence that begins with its name. */
  fault(name: TlsSettingName, message: string, cause?: unknown): SettingError {
    const { setting, place } = this.held(name);
    const error = new SettingError("INVALID_VALUE", setting, `${setting}: ${message}`, place);
    if (cause !== undefined) error.cause = cause;
    return error;
  }
}

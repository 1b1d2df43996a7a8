// A broker's settings while it runs: one object for all who read settings, in which a value changes when it is altered. Who reads a
// setting each time that it matters follows along; who copied it at the start does not.

import { type AlteredSettings, type BrokerConfig, type SettingInputs, withAltered, withDecided } from "./broker-config.ts";
import { isBrokerSetting } from "./broker-settings.ts";
import { listenerSettingBase } from "./listener-settings.ts";
import { SettingError } from "./setting.ts";

export class LiveConfig {
  #initial: BrokerConfig;
  /** The same object for as long as the broker runs. */
  readonly values: BrokerConfig;

  constructor(initial: BrokerConfig) {
    this.#initial = initial;
    this.values = { ...initial };
  }

  /** What the start has decided where nothing was given: ports, folders. Raises SettingError. */
  decide(inputs: SettingInputs): void {
    this.#initial = withDecided(this.#initial, inputs);
    Object.assign(this.values, this.#initial);
  }

  /** What does not fit is passed over and given back: it was stored by a broker that knew other rules. */
  alter(altered: AlteredSettings): SettingError[] {
    const refused: SettingError[] = [];
    const cluster = this.#fitting(altered.cluster, refused);
    const broker = this.#fitting(altered.broker, refused);
    const next = this.#tried({ cluster, broker }, refused);
    if (next !== undefined) Object.assign(this.values, next);
    return refused;
  }

  #fitting(inputs: SettingInputs, refused: SettingError[]): SettingInputs {
    const known = Object.entries(inputs).filter(([name]) => isBrokerSetting(name) || listenerSettingBase(name) !== undefined);
    return Object.fromEntries(
      known.filter(([name, value]) => this.#tried({ cluster: {}, broker: { [name]: value } }, refused) !== undefined),
    );
  }

  #tried(altered: AlteredSettings, refused: SettingError[]): BrokerConfig | undefined {
    try {
      return withAltered(this.#initial, altered);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      refused.push(error);
      return undefined;
    }
  }
}

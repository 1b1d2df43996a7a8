// What holds for each group of what groups may set, at any moment: kept until settings are altered, since every heartbeat asks for it. Groups
// that set nothing, of which there may be any number, share one answer.

import type { ClusterImage } from "../cluster/image.ts";
import { settingsKey } from "../cluster/settings-resource.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { withinLimits } from "../config/group-limits.ts";
import type { GroupSettings } from "../config/group-settings.ts";
import { groupSettings, type Overrides } from "../config/topic-config.ts";

export class SettingsOfGroups {
  readonly #config: BrokerConfig;
  readonly #image: () => ClusterImage;
  /** Of groups that set something. */
  readonly #own = new Map<string, GroupSettings>();
  #common: GroupSettings | undefined;

  constructor(config: BrokerConfig, image: () => ClusterImage) {
    this.#config = config;
    this.#image = image;
  }

  of(groupId: string): GroupSettings {
    const known = this.#own.get(groupId);
    if (known !== undefined) return known;
    const overrides = this.#image().settings.get(settingsKey({ kind: "group", name: groupId }))?.values;
    if (overrides === undefined) {
      this.#common ??= this.#effective({});
      return this.#common;
    }
    const own = this.#effective(overrides);
    this.#own.set(groupId, own);
    return own;
  }

  /** Something was altered, of groups or of this broker. */
  forget(): void {
    this.#own.clear();
    this.#common = undefined;
  }

  #effective(overrides: Overrides): GroupSettings {
    return withinLimits(this.#config, groupSettings(this.#config, overrides));
  }
}

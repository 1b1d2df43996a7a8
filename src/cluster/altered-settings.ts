// Keeps a broker's live settings in step with what the image says was altered.

import type { Logger } from "../base/logger.ts";
import type { LiveConfig } from "../config/live-config.ts";
import type { ClusterImage } from "./image.ts";
import { ALL_BROKERS, valuesOf } from "./settings-resource.ts";

/** Gives whether anything is different now. */
export type FollowSettings = (image: ClusterImage) => boolean;

export function followSettings(options: { readonly brokerId: number; readonly live: LiveConfig; readonly logger: Logger }): FollowSettings {
  const { live, logger } = options;
  const own = String(options.brokerId);
  let followed: { readonly cluster: object; readonly broker: object } | undefined;
  return ({ settings }) => {
    const cluster = valuesOf(settings, "broker", ALL_BROKERS);
    const broker = valuesOf(settings, "broker", own);
    if (followed?.cluster === cluster && followed.broker === broker) return false;
    const isFirst = followed === undefined;
    followed = { cluster, broker };
    for (const { message } of live.alter({ cluster, broker })) logger.warn({ reason: message }, "passed over an altered setting");
    if (!isFirst) logger.info({ all: Object.keys(cluster), own: Object.keys(broker) }, "settings were altered");
    return true;
  };
}

// What this broker has of share groups, for the partitions that it leads.

import type { Cluster } from "../cluster/cluster.ts";
import { finalizedLevel, SHARE_VERSION } from "../cluster/features.ts";
import { Shares } from "../share/shares.ts";
import type { Coordinating } from "./coordinating.ts";
import type { Ground } from "./ground.ts";
import type { Leading } from "./leading.ts";

export function sharesOf(
  { clock, config, logLevels }: Ground,
  cluster: Cluster,
  { partitions }: Leading,
  coordinating: Coordinating,
): Shares {
  const shares = new Shares({
    clock,
    logger: logLevels.logger("shares"),
    persister: coordinating.shareStates,
    settingsOf: (groupId) => coordinating.settingsOf(groupId),
    sessionLimit: () => config["group.share.max.share.sessions"],
    isServed: () => finalizedLevel(cluster.image.features, SHARE_VERSION) > 0,
  });
  partitions.addListener(shares.partitions);
  return shares;
}

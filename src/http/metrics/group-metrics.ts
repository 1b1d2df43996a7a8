// Groups and transactions that this broker coordinates, by their states.

import type { GroupFigures } from "../../coordinator/group/group-coordinator.ts";
import { lagMetrics, type Place } from "./lag-metrics.ts";
import { forEachRow, maySeeTopic, type Scrape } from "./scrape.ts";

/** Kafka's states of classic groups that have a metric of their own. */
const CLASSIC_STATES: readonly (readonly [metric: string, state: string])[] = [
  ["numgroupspreparingrebalance", "PreparingRebalance"],
  ["numgroupscompletingrebalance", "CompletingRebalance"],
  ["numgroupsstable", "Stable"],
  ["numgroupsempty", "Empty"],
  ["numgroupsdead", "Dead"],
];

export async function groupMetrics(scrape: Scrape, showsGroups: boolean): Promise<void> {
  const { out, view } = scrape;
  const seen = await countGroups(scrape, showsGroups);
  const classicCount = (state?: string) =>
    [...seen.counts.values()].reduce(
      (sum, each) => sum + (each.kind === "classic" && (state === undefined || each.state === state) ? each.count : 0),
      0,
    );
  const manager = (metric: string) => `kafka_coordinator_group_groupmetadatamanager_${metric}`;
  out.family("gauge", manager("numgroups"), "Groups of the classic protocol.")(classicCount());
  out.family("gauge", manager("numoffsets"), "Committed offsets.")(seen.offsetCount);
  for (const [metric, state] of CLASSIC_STATES) out.family("gauge", manager(metric), `Those in the state ${state}.`)(classicCount(state));
  const byKind = out.family("gauge", "odradek_groups", "Groups, by kind and state.");
  for (const { kind, state, count } of seen.counts.values()) byKind(count, { kind, state });
  const statuses = new Map<string, number>();
  await forEachRow(scrape, view.services.transactions.transactions(), ([, { status }]) => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  const byStatus = out.family("gauge", "odradek_transactions", "Transactional ids, by the state of their transaction.");
  for (const [status, count] of statuses) byStatus(count, { status });
  if (showsGroups) await lagMetrics(scrape, seen);
}

interface SeenGroups {
  readonly counts: ReadonlyMap<string, { readonly kind: string; readonly state: string; readonly count: number }>;
  /** Of all groups. */
  readonly offsetCount: number;
  /** Of groups that have series of their own. */
  readonly members: readonly { readonly consumergroup: string; readonly count: number }[];
  readonly places: readonly Place[];
  /** Offsets that have none. */
  readonly leftOutCount: number;
}

/** Goes through them once: there may be very many. */
async function countGroups(scrape: Scrape, showsGroups: boolean): Promise<SeenGroups> {
  const { access, mostRows, view } = scrape;
  const isSeen = maySeeTopic(scrape);
  const counts = new Map<string, { kind: string; state: string; count: number }>();
  const members: { consumergroup: string; count: number }[] = [];
  const places: Place[] = [];
  let offsetCount = 0;
  let leftOutCount = 0;
  const show = ({ groupId, memberCount, offsets }: GroupFigures) => {
    if (members.length < mostRows) members.push({ consumergroup: groupId, count: memberCount });
    for (const { topic, partition, offset } of offsets()) {
      if (!isSeen(topic)) continue;
      if (places.length < mostRows) places.push({ consumergroup: groupId, topic, partition, offset });
      else leftOutCount++;
    }
  };
  await forEachRow(scrape, view.services.groups.figures(), (group) => {
    const { kind, state } = group;
    const key = `${kind} ${state}`;
    const known = counts.get(key) ?? { kind, state, count: 0 };
    counts.set(key, known);
    known.count++;
    offsetCount += group.offsetCount;
    if (showsGroups && access.permitsQuietly("DESCRIBE GROUP", group.groupId)) show(group);
  });
  return { counts, offsetCount, members, places, leftOutCount };
}

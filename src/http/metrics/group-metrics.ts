// Groups, how far they are and how far behind, and transactions: of those that this broker coordinates. Ends of partitions are asked of their
// leaders, so that lag is right wherever they are. Names of lag are kafka_exporter's: Kafka's brokers know none.

import type { GroupFigures } from "../../coordinator/group/group-coordinator.ts";
import { maySeeTopic, type Scrape } from "./scrape.ts";

const NO_OFFSET = -1;
/** Kafka's states of classic groups that have a metric of their own. */
const CLASSIC_STATES: readonly (readonly [metric: string, state: string])[] = [
  ["numgroupspreparingrebalance", "PreparingRebalance"],
  ["numgroupscompletingrebalance", "CompletingRebalance"],
  ["numgroupsstable", "Stable"],
  ["numgroupsempty", "Empty"],
  ["numgroupsdead", "Dead"],
];

export async function groupMetrics(scrape: Scrape, showsGroups: boolean): Promise<void> {
  const { out, access, view } = scrape;
  const { groups, transactions } = view.services;
  const all = [...groups.figures()];
  const classic = all.filter(({ kind }) => kind === "classic");
  const manager = (metric: string) => `kafka_coordinator_group_groupmetadatamanager_${metric}`;
  out.family("gauge", manager("numgroups"), "Groups of the classic protocol.")(classic.length);
  out.family("gauge", manager("numoffsets"), "Committed offsets.")(all.reduce((sum, { offsets }) => sum + offsets.length, 0));
  for (const [metric, state] of CLASSIC_STATES)
    out.family("gauge", manager(metric), `Those in the state ${state}.`)(classic.filter((group) => group.state === state).length);
  const byKind = out.family("gauge", "odradek_groups", "Groups, by kind and state.");
  for (const [labels, count] of counted(all.map(({ kind, state }) => [kind, state])))
    byKind(count, { kind: labels[0] ?? "", state: labels[1] ?? "" });
  const byStatus = out.family("gauge", "odradek_transactions", "Transactional ids, by the state of their transaction.");
  for (const [labels, count] of counted([...transactions.transactions()].map(([, { status }]) => [status])))
    byStatus(count, { status: labels[0] ?? "" });
  if (showsGroups)
    await lagMetrics(
      scrape,
      all.filter(({ groupId }) => access.permitsQuietly("DESCRIBE GROUP", groupId)),
    );
}

interface Place {
  readonly consumergroup: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

async function lagMetrics(scrape: Scrape, groups: readonly GroupFigures[]): Promise<void> {
  const { out, view, mostRows } = scrape;
  const isSeen = maySeeTopic(scrape);
  const members = out.family("gauge", "kafka_consumergroup_members", "Members of the group.");
  for (const { groupId, memberCount } of groups) members(memberCount, { consumergroup: groupId });
  const all = groups
    .flatMap(({ groupId, offsets }) => offsets.map((each): Place => ({ consumergroup: groupId, ...each })))
    .filter(({ topic }) => isSeen(topic));
  const shown = all.slice(0, mostRows);
  const lags = await lagsOf(view.services.groups, shown);
  const current = out.family("gauge", "kafka_consumergroup_current_offset", "Committed offset of the group.");
  for (const { offset, ...labels } of shown) current(offset, labels);
  const lag = out.family(
    "gauge",
    "kafka_consumergroup_lag",
    "What is committed in the partition beyond that; -1 where its leader does not say.",
  );
  for (const [index, { offset: _, ...labels }] of shown.entries()) lag(lags[index] ?? NO_OFFSET, labels);
  const offsetSums = new Map<string, { consumergroup: string; topic: string; offset: number; lag: number }>();
  for (const [index, { consumergroup, topic, offset }] of shown.entries()) {
    const key = JSON.stringify([consumergroup, topic]);
    const sum = offsetSums.get(key) ?? { consumergroup, topic, offset: 0, lag: 0 };
    offsetSums.set(key, sum);
    sum.offset += offset;
    sum.lag += Math.max(0, lags[index] ?? 0);
  }
  const currentSum = out.family(
    "gauge",
    "kafka_consumergroup_current_offset_sum",
    "Committed offsets of the group in the topic, added up.",
  );
  for (const { consumergroup, topic, offset } of offsetSums.values()) currentSum(offset, { consumergroup, topic });
  const lagSum = out.family("gauge", "kafka_consumergroup_lag_sum", "Lag of the group in the topic, as far as it is known.");
  for (const { consumergroup, topic, lag: sum } of offsetSums.values()) lagSum(sum, { consumergroup, topic });
  out.family(
    "gauge",
    "odradek_group_offsets_not_shown",
    "Offsets of groups beyond those that have series of their own.",
  )(all.length - shown.length);
}

async function lagsOf(groups: Scrape["view"]["services"]["groups"], places: readonly Place[]): Promise<number[]> {
  const asked = new Map<string, Set<number>>();
  for (const { topic, partition } of places) asked.set(topic, (asked.get(topic) ?? new Set<number>()).add(partition));
  const endOf = await groups.parts.endOffsets([...asked].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })));
  return places.map(({ topic, partition, offset }) => {
    const end = endOf(topic, partition);
    return "offset" in end ? Math.max(0, end.offset - offset) : NO_OFFSET;
  });
}

function counted(all: readonly (readonly string[])[]): Iterable<readonly [labels: readonly string[], count: number]> {
  const counts = new Map<string, { readonly labels: readonly string[]; count: number }>();
  for (const labels of all) {
    const key = labels.join(" ");
    const known = counts.get(key) ?? { labels, count: 0 };
    counts.set(key, known);
    known.count++;
  }
  return [...counts.values()].map(({ labels, count }) => [labels, count] as const);
}

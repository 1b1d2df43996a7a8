// How far groups are, and how far behind. Ends of partitions are asked of their leaders, so that lag is right wherever they are. Names are
// kafka_exporter's: Kafka's brokers know none.

import { forEachRow, type Scrape } from "./scrape.ts";

const NO_OFFSET = -1;

/** Where a group stands. */
export interface Place {
  readonly consumergroup: string;
  readonly topic: string;
  readonly partition: number;
  /** Committed. */
  readonly offset: number;
}

export interface ShownGroups {
  readonly members: readonly { readonly consumergroup: string; readonly count: number }[];
  readonly places: readonly Place[];
  readonly leftOutCount: number;
}

export async function lagMetrics(scrape: Scrape, { members, places, leftOutCount }: ShownGroups): Promise<void> {
  const { out } = scrape;
  const gauge = (name: string, help: string) => out.family("gauge", name, help);
  const memberCount = gauge("kafka_consumergroup_members", "Members of the group.");
  await forEachRow(scrape, members, ({ consumergroup, count }) => memberCount(count, { consumergroup }));
  const rows = await withLag(scrape, places);
  const current = gauge("kafka_consumergroup_current_offset", "Committed offset of the group.");
  await forEachRow(scrape, rows, ({ labels, offset }) => current(offset, labels));
  const lagOf = gauge("kafka_consumergroup_lag", "What is committed in the partition beyond that; -1 where its leader does not say.");
  await forEachRow(scrape, rows, ({ labels, lag }) => lagOf(lag, labels));
  const sums = new Map<string, { labels: { consumergroup: string; topic: string }; offset: number; lag: number }>();
  await forEachRow(scrape, rows, ({ labels: { consumergroup, topic }, offset, lag }) => {
    const key = JSON.stringify([consumergroup, topic]);
    const sum = sums.get(key) ?? { labels: { consumergroup, topic }, offset: 0, lag: 0 };
    sums.set(key, sum);
    sum.offset += offset;
    sum.lag += Math.max(0, lag);
  });
  const offsetSum = gauge("kafka_consumergroup_current_offset_sum", "Committed offsets of the group in the topic, added up.");
  await forEachRow(scrape, sums.values(), ({ labels, offset }) => offsetSum(offset, labels));
  const lagSum = gauge("kafka_consumergroup_lag_sum", "Lag of the group in the topic, as far as it is known.");
  await forEachRow(scrape, sums.values(), ({ labels, lag }) => lagSum(lag, labels));
  gauge("odradek_group_offsets_not_shown", "Offsets of groups beyond those that have series of their own.")(leftOutCount);
}

interface Row {
  readonly labels: { readonly consumergroup: string; readonly topic: string; readonly partition: number };
  readonly offset: number;
  readonly lag: number;
}

async function withLag(scrape: Scrape, places: readonly Place[]): Promise<Row[]> {
  const asked = new Map<string, Set<number>>();
  for (const { topic, partition } of places) asked.set(topic, (asked.get(topic) ?? new Set<number>()).add(partition));
  const topics = [...asked].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }));
  const endOf = await scrape.view.services.groups.parts.endOffsets(topics);
  return scrape.slices.map(places, ({ offset, ...labels }) => {
    const end = endOf(labels.topic, labels.partition);
    return { labels, offset, lag: "offset" in end ? Math.max(0, end.offset - offset) : NO_OFFSET };
  });
}

// `kafka-share-groups --describe`: where share groups start, their members or their state.

import { type DescribedShareGroup, describeShareGroup, type ShareOffset, shareOffsets } from "../../client/admin/share-groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import { comparePartitions, type TopicPartition } from "../../client/topic-partition.ts";
import { cell, line, NONE } from "./columns.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./tool.ts";

const NARROWEST = 15;
const NARROWEST_COORDINATOR = 25;

/** All are looked at before anything is printed. Raises Refusal for a group that is missing. */
export async function describeShareGroups(brokers: Brokers, ids: readonly string[], flags: Flags, io: Io): Promise<void> {
  const isVerbose = flags.has("verbose");
  const hasOffsets = !flags.has("members") && !flags.has("state");
  const described: { readonly group: DescribedShareGroup; readonly offsets: readonly ShareOffset[] }[] = [];
  for (const id of ids) {
    const group = await describeShareGroup(brokers, id);
    described.push({ group, offsets: hasOffsets ? await shareOffsets(brokers, id) : [] });
  }
  for (const { group, offsets } of described) {
    if (hasOffsets) printOffsets(group, offsets, isVerbose, io);
    else {
      if (group.state === "Empty") io.error(`\nShare group '${group.id}' has no active members.`);
      if (flags.has("state")) printState(group, isVerbose, io);
      else if (group.members.length > 0) printMembers(group, isVerbose, io);
    }
  }
}

/** The last column is not filled up. */
function printTable(columns: readonly (readonly [title: string, width: number])[], rows: readonly (readonly string[])[], io: Io): void {
  const print = (texts: readonly string[], before = "") =>
    io.out(`${before}${line(texts.map((text, index) => (index === columns.length - 1 ? text : cell(text, columns[index]?.[1] ?? 0))))}`);
  print(
    columns.map(([title]) => title),
    "\n",
  );
  for (const row of rows) print(row);
}

function widest(least: number, texts: readonly string[]): number {
  return Math.max(least, ...texts.map((text) => text.length));
}

function printOffsets({ id }: DescribedShareGroup, offsets: readonly ShareOffset[], isVerbose: boolean, io: Io): void {
  const rows = offsets.toSorted(comparePartitions).map(({ topic, partition, start, leaderEpoch, lag }) => {
    const epoch = start === undefined ? NONE : `${leaderEpoch}`;
    return [id, topic, `${partition}`, ...(isVerbose ? [epoch] : []), `${start ?? NONE}`, `${lag ?? NONE}`];
  });
  const columns = [
    ["GROUP", widest(NARROWEST, [id])],
    [
      "TOPIC",
      widest(
        NARROWEST,
        offsets.map(({ topic }) => topic),
      ),
    ],
    ["PARTITION", 10],
    ...(isVerbose ? [["LEADER-EPOCH", 13] as const] : []),
    ["START-OFFSET", 13],
    ["LAG", 0],
  ] as const;
  printTable(columns, rows, io);
}

function printMembers({ id, members }: DescribedShareGroup, isVerbose: boolean, io: Io): void {
  const columns = [
    ["GROUP", widest(NARROWEST, [id])],
    [
      "CONSUMER-ID",
      widest(
        NARROWEST,
        members.map((member) => member.id),
      ),
    ],
    [
      "HOST",
      widest(
        NARROWEST,
        members.map(({ host }) => host),
      ),
    ],
    [
      "CLIENT-ID",
      widest(
        NARROWEST,
        members.map(({ clientId }) => clientId),
      ),
    ],
    ["#PARTITIONS", 12],
    ...(isVerbose ? [["MEMBER-EPOCH", 13] as const] : []),
    ["ASSIGNMENT", 0],
  ] as const;
  const rows = members.map((member) => [
    id,
    member.id,
    member.host,
    member.clientId,
    `${member.assigned.length}`,
    ...(isVerbose ? [`${member.epoch}`] : []),
    assignmentText(member.assigned),
  ]);
  printTable(columns, rows, io);
}

/** `a:0,1;b:0`, sorted as texts. */
function assignmentText(partitions: readonly TopicPartition[]): string {
  const byTopic = Map.groupBy(partitions.toSorted(comparePartitions), ({ topic }) => topic);
  const texts = [...byTopic].map(([topic, list]) => `${topic}:${list.map(({ partition }) => partition).join(",")}`);
  return texts.sort().join(";");
}

function printState(group: DescribedShareGroup, isVerbose: boolean, io: Io): void {
  const coordinator = `${group.coordinator.host}:${group.coordinator.port}  (${group.coordinator.id})`;
  const epochs = isVerbose ? ([["GROUP-EPOCH", 12] as const, ["ASSIGNMENT-EPOCH", 17] as const] as const) : [];
  const columns = [
    ["GROUP", widest(NARROWEST, [group.id])],
    ["COORDINATOR (ID)", widest(NARROWEST_COORDINATOR, [coordinator])],
    ["STATE", 15],
    ...epochs,
    ["#MEMBERS", 0],
  ] as const;
  const numbers = isVerbose ? [`${group.epoch}`, `${group.targetEpoch}`] : [];
  printTable(columns, [[group.id, coordinator, group.state, ...numbers, `${group.members.length}`]], io);
}

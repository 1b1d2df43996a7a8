// `kafka-consumer-groups --describe`: offsets, members or state of groups, of either protocol.

import { committedOffsets, type DescribedGroup, type GroupMember } from "../../client/admin/groups.ts";
import { OffsetSpec, offsetsAt } from "../../client/admin/offsets.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { comparePartitions, nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { cell, line, NONE } from "./columns.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./tool.ts";
import { describeConsumerGroup, wantedGroups } from "./wanted-groups.ts";

/** All are looked at before anything is printed. Raises Refusal for a group that is missing, CommandError for one of no consumers. */
export async function describeGroups(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const hasOffsets = !flags.has("members") && !flags.has("state");
  const described: { readonly group: DescribedGroup; readonly rows: readonly OffsetRow[] }[] = [];
  for (const id of await wantedGroups(brokers, flags)) {
    const group = await describeConsumerGroup(brokers, id);
    described.push({ group, rows: hasOffsets ? await offsetRows(brokers, group) : [] });
  }
  for (const { group, rows } of described) {
    if (!sayState(group, io)) continue;
    if (flags.has("members")) printMembers(group, flags.has("verbose"), io);
    else if (flags.has("state")) printState(group, flags.has("verbose"), io);
    else if (rows.length > 0) printOffsets(rows, flags.has("verbose"), io);
  }
}

/** Gives whether there is more to say of it. */
function sayState({ id, state }: DescribedGroup, io: Io): boolean {
  switch (state) {
    case "Empty":
      io.error(`\nConsumer group '${id}' has no active members.`);
      return true;
    case "Dead":
      io.out(`\nError: Consumer group '${id}' does not exist.`);
      return false;
    case "PreparingRebalance":
    case "CompletingRebalance":
    case "Assigning":
    case "Reconciling":
      io.error(`\nWarning: Consumer group '${id}' is rebalancing.`);
      return true;
    case "Stable":
      return true;
    default:
      throw new CommandError(`Expected a valid consumer group state, but found '${state}'.`);
  }
}

interface OffsetRow extends TopicPartition {
  readonly group: string;
  readonly current: number | undefined;
  readonly leaderEpoch: number | undefined;
  readonly end: number | undefined;
  readonly member: GroupMember | undefined;
}

/** Member by member, those with most partitions first; then what is nobody's. */
async function offsetRows(brokers: Brokers, group: DescribedGroup): Promise<OffsetRow[]> {
  const committed = new Map((await committedOffsets(brokers, group.id)).map((entry) => [nameOf(entry), entry]));
  const members = group.members.toSorted((one, other) => other.assigned.length - one.assigned.length);
  const owned = members.flatMap((member) => member.assigned.toSorted(comparePartitions).map((partition) => ({ partition, member })));
  const ownedNames = new Set(owned.map(({ partition }) => nameOf(partition)));
  const others = [...committed.values()].filter((entry) => !ownedNames.has(nameOf(entry))).sort(comparePartitions);
  const all = [...owned, ...others.map((partition) => ({ partition, member: undefined }))];
  const ends = await offsetsAt(
    brokers,
    all.map(({ partition }) => partition),
    { timestamp: OffsetSpec.LATEST },
  );
  return all.map(({ partition: { topic, partition }, member }): OffsetRow => {
    const name = nameOf({ topic, partition });
    const end = ends.get(name);
    const entry = committed.get(name);
    return {
      group: group.id,
      topic,
      partition,
      current: entry?.offset,
      leaderEpoch: entry === undefined || entry.leaderEpoch < 0 ? undefined : entry.leaderEpoch,
      end: end === undefined || end instanceof Refusal ? undefined : end.offset,
      member,
    };
  });
}

function printOffsets(rows: readonly OffsetRow[], isVerbose: boolean, io: Io): void {
  const width = (texts: readonly string[]) => Math.max(15, ...texts.map((text) => text.length));
  const group = width(rows.map((row) => row.group));
  const topic = width(rows.map((row) => row.topic));
  const member = width(rows.map((row) => row.member?.id ?? NONE));
  const host = width(rows.map((row) => row.member?.host ?? NONE));
  const print = (texts: readonly string[], last: string, epoch: string, before = "") => {
    const [first = "", second = "", third = "", ...rest] = texts;
    const [current = "", end = "", lag = "", memberId = "", hostName = ""] = rest;
    const epochs = isVerbose ? [cell(epoch, 15)] : [];
    io.out(
      `${before}${line([cell(first, group), cell(second, topic), cell(third, 10), ...epochs, cell(current, 15), cell(end, 15), cell(lag, 15), cell(memberId, member), cell(hostName, host), last])}`,
    );
  };
  print(
    ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST"],
    "CLIENT-ID",
    "LEADER-EPOCH",
    "\n",
  );
  for (const row of rows) {
    const lag = row.current === undefined || row.end === undefined ? undefined : row.end - row.current;
    const numbers = [row.current, row.end, lag].map((number) => `${number ?? NONE}`);
    const texts = [row.group, row.topic, `${row.partition}`, ...numbers, row.member?.id ?? NONE, row.member?.host ?? NONE];
    print(texts, row.member?.clientId ?? NONE, `${row.leaderEpoch ?? NONE}`);
  }
}

function printMembers(group: DescribedGroup, isVerbose: boolean, io: Io): void {
  const { members } = group;
  const hasInstances = members.some(({ instanceId }) => instanceId !== null);
  const isMixed = [true, false].every((isUpgraded) => members.some((member) => member.isUpgraded === isUpgraded));
  const columns: Column[] = [
    { name: "GROUP", least: 15, of: () => group.id },
    { name: "CONSUMER-ID", least: 15, of: ({ id }) => id },
    ...(hasInstances ? [{ name: "GROUP-INSTANCE-ID", least: 17, of: ({ instanceId }: GroupMember) => instanceId ?? "" }] : []),
    { name: "HOST", least: 15, of: ({ host }) => host },
    { name: "CLIENT-ID", least: 15, of: ({ clientId }) => clientId },
    { name: "#PARTITIONS", least: 15, of: ({ assigned }) => `${assigned.length}` },
    ...(isVerbose ? verboseColumns(group, isMixed) : []),
  ];
  const widths = columns.map(({ least, of }) => (least === 0 ? 0 : Math.max(least, ...members.map((member) => of(member).length))));
  const print = (texts: readonly string[], before = "") =>
    io.out(`${before}${line(texts.map((text, index) => cell(text, widths[index] ?? 0)))}${isVerbose ? "" : " "}`);
  print(
    columns.map(({ name }) => name),
    "\n",
  );
  for (const member of members) print(columns.map(({ of }) => of(member)));
}

interface Column {
  readonly name: string;
  /** Of its width; 0: it is not filled up. */
  readonly least: number;
  readonly of: (member: GroupMember) => string;
}

/** Classic groups have no epochs and no target. */
function verboseColumns({ type, targetEpoch }: DescribedGroup, isMixed: boolean): Column[] {
  return [
    { name: "CURRENT-EPOCH", least: 15, of: ({ epoch }) => `${epoch ?? NONE}` },
    { name: "CURRENT-ASSIGNMENT", least: 20, of: ({ assigned }) => assignmentText(assigned) },
    { name: "TARGET-EPOCH", least: 15, of: () => (type === "consumer" ? `${targetEpoch ?? NONE}` : NONE) },
    { name: "TARGET-ASSIGNMENT", least: 20, of: ({ target }) => assignmentText(target) },
    ...(isMixed ? [{ name: "UPGRADED", least: 0, of: ({ isUpgraded }: GroupMember) => `${isUpgraded ?? NONE}` }] : []),
  ];
}

/** `a:0,1;b:0`, sorted as texts. */
function assignmentText(partitions: readonly TopicPartition[] | undefined): string {
  if (partitions === undefined || partitions.length === 0) return NONE;
  const byTopic = Map.groupBy(partitions.toSorted(comparePartitions), ({ topic }) => topic);
  const texts = [...byTopic].map(([topic, list]) => `${topic}:${list.map(({ partition }) => partition).join(",")}`);
  return texts.sort().join(";");
}

function printState(group: DescribedGroup, isVerbose: boolean, io: Io): void {
  const coordinator = `${group.coordinator.host}:${group.coordinator.port}  (${group.coordinator.id})`;
  const groupWidth = Math.max(15, group.id.length);
  const width = Math.max(25, coordinator.length);
  const print = (texts: readonly string[], epochs: readonly string[], last: string, before = "") => {
    const [first = "", second = "", third = "", fourth = ""] = texts;
    const [epoch = "", target = ""] = epochs;
    const more = isVerbose ? [cell(epoch, 15), cell(target, 25)] : [];
    io.out(`${before}${line([cell(first, groupWidth), cell(second, width), cell(third, 20), cell(fourth, 20), ...more, last])}`);
  };
  print(["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE"], ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"], "#MEMBERS", "\n");
  const assignor = group.assignor === "" ? NONE : group.assignor;
  print(
    [group.id, coordinator, assignor, group.state],
    [`${group.epoch ?? NONE}`, `${group.targetEpoch ?? NONE}`],
    `${group.members.length}`,
  );
}

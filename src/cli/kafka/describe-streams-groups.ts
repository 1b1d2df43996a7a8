// `kafka-streams-groups --describe`: offsets, members or state of streams groups.

import { inMapOrder, partitionHash } from "../../base/java-order.ts";
import { type CommittedOffset, committedOffsets } from "../../client/admin/groups.ts";
import { OffsetSpec, offsetsAt } from "../../client/admin/offsets.ts";
import { describeStreamsGroup, type StreamsAssignment, type StreamsGroup, type StreamsMember } from "../../client/admin/streams-groups.ts";
import type { Brokers } from "../../client/brokers.ts";
import { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { cell, line, NONE } from "./columns.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./tool.ts";

/** One after the other. Raises Refusal for a group that is missing. */
export async function describeStreamsGroups(brokers: Brokers, ids: readonly string[], flags: Flags, io: Io): Promise<void> {
  for (const id of ids) {
    const group = await describeStreamsGroup(brokers, id);
    const isVerbose = flags.has("verbose");
    if (flags.has("members")) printMembers(group, isVerbose, io);
    else if (flags.has("state")) printState(group, isVerbose, io);
    else await printOffsets(brokers, group, isVerbose, io);
  }
}

function sayEmpty({ id, groupState }: StreamsGroup, io: Io): void {
  if (groupState === "Empty") io.out(`\nError: Streams group '${id}' has no active members.`);
}

function widthOf(texts: readonly string[], least = 15): number {
  return Math.max(least, ...texts.map((text) => text.length));
}

function printMembers(group: StreamsGroup, isVerbose: boolean, io: Io): void {
  const { id, members } = group;
  if (members.length === 0) return;
  sayEmpty(group, io);
  const [ofId, ofMember] = [widthOf([id]), widthOf(members.map(({ memberId }) => memberId))];
  const ofProcess = widthOf(members.map(({ processId }) => processId));
  const ofClient = widthOf(members.map(({ clientId }) => clientId));
  if (!isVerbose) {
    const print = (member: string, process: string, client: string, tasks: string, first = id) =>
      io.out(line([cell(first, ofId), cell(member, ofMember), cell(process, ofProcess), cell(client, ofClient), tasks]));
    print("MEMBER", "PROCESS", "CLIENT-ID", "ASSIGNMENTS", "GROUP");
    for (const { memberId, processId, clientId, assignment } of members) print(memberId, processId, clientId, tasksText(assignment));
    return;
  }
  // Nothing stands between the epoch of the topology and the member.
  const print = ([first = "", target = "", topology = "", member = "", ...rest]: readonly string[]) => {
    const [protocol = "", epoch = "", process = "", client = "", tasks = ""] = rest;
    const start = line([cell(first, ofId), cell(target, 25), `${cell(topology, 15)}${cell(member, ofMember)}`]);
    io.out(line([start, cell(protocol, 15), cell(epoch, 15), cell(process, ofProcess), cell(client, ofClient), tasks]));
  };
  const names = ["GROUP", "TARGET-ASSIGNMENT-EPOCH", "TOPOLOGY-EPOCH", "MEMBER", "MEMBER-PROTOCOL", "MEMBER-EPOCH"];
  print([...names, "PROCESS", "CLIENT-ID", "ASSIGNMENTS"]);
  for (const member of members) print([id, `${group.assignmentEpoch}`, `${group.topologyEpoch}`, ...verboseTexts(member)]);
}

function verboseTexts({ memberId, isClassic, memberEpoch, processId, clientId, assignment, targetAssignment }: StreamsMember): string[] {
  const tasks = `${tasksText(assignment)}${tasksText(targetAssignment, "TARGET-")}`;
  return [memberId, isClassic ? "classic" : "streams", `${memberEpoch}`, processId, clientId, tasks];
}

/** `ACTIVE: 0:[1,2]; STANDBY: 0:[0]; `. */
function tasksText({ activeTasks, standbyTasks, warmupTasks }: StreamsAssignment, prefix = ""): string {
  const of = (title: string, tasks: StreamsAssignment["activeTasks"]) => {
    if (tasks.length === 0) return "";
    const texts = tasks.map(({ subtopologyId, partitions }) => `${subtopologyId}:[${partitions.join(",")}]; `);
    return `${prefix}${title}: ${texts.join("")}`;
  };
  return `${of("ACTIVE", activeTasks)}${of("STANDBY", standbyTasks)}${of("WARMUP", warmupTasks)}`;
}

function printState(group: StreamsGroup, isVerbose: boolean, io: Io): void {
  sayEmpty(group, io);
  const { id, coordinator, groupState, groupEpoch, assignmentEpoch, members } = group;
  const address = `${coordinator.host}:${coordinator.port} (${coordinator.id})`;
  const [ofId, ofAddress] = [widthOf([id]), widthOf([address], 25)];
  const print = (texts: readonly string[], epochs: readonly string[], last: string) => {
    const [first = "", second = "", state = ""] = texts;
    const [epoch = "", target = ""] = epochs;
    const more = isVerbose ? [cell(epoch, 15), cell(target, 25)] : [];
    io.out(line([cell(first, ofId), cell(second, ofAddress), cell(state, 25), ...more, last]));
  };
  print(["GROUP", "COORDINATOR (ID)", "STATE"], ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"], "#MEMBERS");
  print([id, address, groupState], [`${groupEpoch}`, `${assignmentEpoch}`], `${members.length}`);
}

async function printOffsets(brokers: Brokers, group: StreamsGroup, isVerbose: boolean, io: Io): Promise<void> {
  const rows = await offsetRows(brokers, group);
  if (group.members.length === 0) return;
  sayEmpty(group, io);
  const [ofId, ofTopic] = [widthOf([group.id]), widthOf(rows.map(({ topic }) => topic))];
  const print = (topic: string, partition: string, rest: readonly string[], lag: string, first = group.id) => {
    const more = isVerbose ? rest.map((text) => cell(text, 15)) : [];
    io.out(line([cell(first, ofId), cell(topic, ofTopic), cell(partition, 10), ...more, isVerbose ? cell(lag, 15) : lag]));
  };
  print("TOPIC", "PARTITION", ["CURRENT-OFFSET", "LEADER-EPOCH", "LOG-END-OFFSET"], "OFFSET-LAG", "GROUP");
  for (const { topic, partition, current, leaderEpoch, end, lag } of rows)
    print(topic, `${partition}`, [`${current ?? NONE}`, `${leaderEpoch ?? NONE}`, `${end}`], `${lag}`);
}

interface OffsetRow extends TopicPartition {
  readonly current: number | undefined;
  readonly leaderEpoch: number | undefined;
  readonly end: number;
  /** From what was committed, or else from the first record. */
  readonly lag: number;
}

/** Of what the active tasks of members read. */
async function offsetRows(brokers: Brokers, group: StreamsGroup): Promise<OffsetRow[]> {
  const inputs = new Map(
    group.subtopologies.map(({ subtopologyId, sourceTopics, repartitionSourceTopics }) => [
      subtopologyId,
      [...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)],
    ]),
  );
  const active = group.members.flatMap(({ assignment }) => assignment.activeTasks);
  const read = new Map<string, TopicPartition>();
  for (const { subtopologyId, partitions } of active) {
    for (const topic of inputs.get(subtopologyId) ?? [])
      for (const partition of partitions) read.set(nameOf({ topic, partition }), { topic, partition });
  }
  const partitions = inMapOrder([...read.values()], partitionHash);
  const earliest = await offsetsAt(brokers, partitions, { timestamp: OffsetSpec.EARLIEST });
  const latest = await offsetsAt(brokers, partitions, { timestamp: OffsetSpec.LATEST });
  const committed = new Map((await offsetsOfTopics(brokers, group, { withInternal: true })).map((entry) => [nameOf(entry), entry]));
  return partitions.map((at) => {
    const name = nameOf(at);
    const [start, end] = [earliest, latest].map((offsets) => {
      const found = offsets.get(name);
      if (found instanceof Refusal) throw found;
      return found?.offset ?? 0;
    });
    const entry = committed.get(name);
    const leaderEpoch = entry === undefined || entry.leaderEpoch < 0 ? undefined : entry.leaderEpoch;
    return { ...at, current: entry?.offset, leaderEpoch, end: end ?? 0, lag: (end ?? 0) - (entry?.offset ?? start ?? 0) };
  });
}

/** What the group has committed of topics that it reads; `withInternal`: also of those that it writes itself. */
export async function offsetsOfTopics(
  brokers: Brokers,
  { id, subtopologies }: StreamsGroup,
  { withInternal }: { readonly withInternal: boolean },
): Promise<CommittedOffset[]> {
  const names = new Set(
    subtopologies.flatMap(({ sourceTopics, repartitionSourceTopics }) => [
      ...sourceTopics,
      ...(withInternal ? repartitionSourceTopics.map(({ name }) => name) : []),
    ]),
  );
  return (await committedOffsets(brokers, id)).filter(({ topic }) => names.has(topic));
}

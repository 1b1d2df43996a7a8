// Consumer groups (KIP-848) with their members, each on a connection of its own.
//
//   node scripts/bench/consumer-groups-client.ts '{"mode":"many","host":"127.0.0.1","port":9092,…}'
//
// many: forms the groups, has their members heartbeat at full speed, and then by the interval; all but the last once before with groups of
// other names, to warm up. large: forms one group of all members, then lets one leave it, and later another join. Prints a line for each
// part, and one before it where it needs to be known when it begins. full-speed: heartbeats of members that nobody knows, for who answers
// whatever they are.

import { givenOrder, report } from "./client-process.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import { ConsumerMember, type Heartbeat } from "./consumer-member.ts";
import { findCoordinator } from "./coordinator.ts";
import { FrameSocket, percentile } from "./frame-socket.ts";
import { HeartbeatLane } from "./heartbeat-lane.ts";
import type { Address } from "./load-socket.ts";
import { pause } from "./pause.ts";
import { RhythmicMember } from "./rhythmic-member.ts";

export interface ConsumerGroupsOrder extends Address {
  readonly mode: "many" | "large" | "full-speed";
  readonly groups: number;
  readonly membersPerGroup: number;
  /** Subscribed by every member. */
  readonly topics: readonly string[];
  readonly partitionsPerTopic: number;
  /** Of the broker's settings. */
  readonly heartbeatIntervalMs: number;
  /** Over which members heartbeat at full speed. */
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface StableResult {
  /** Until every member of every group had its share of the partitions, and was answered after it had acknowledged it. */
  readonly seconds: number;
  /** That all members sent until then. */
  readonly heartbeats: number;
}

export interface HeartbeatsResult {
  readonly heartbeats: number;
  readonly seconds: number;
  /** Share of one core that this process used. */
  readonly clientShare: number;
}

export interface FullSpeedResult extends HeartbeatsResult {
  readonly p50Us: number;
  readonly p99Us: number;
}

const CONNECTED_AT_ONCE = 100;
const POLL_MS = 20;
/** Until nothing is under way, or everything is. */
const SHORT_WHILE_MS = 500;
const STRIDE = 617;

const order = givenOrder<ConsumerGroupsOrder>();
await { many, large, "full-speed": anyMembers }[order.mode]();

async function many(): Promise<void> {
  const warm = await connect("warm");
  await form(warm);
  await fullSpeed(await heartbeatsOf(warm), order.warmUpSeconds);
  await Promise.all(warm.map((member) => member.leave()));
  report("warm");
  const members = await connect("measured");
  report(await form(members));
  const heartbeats = await heartbeatsOf(members);
  report(await fullSpeed(heartbeats, order.seconds, () => report("full speed")));
  for (const member of members) member.resume(0);
  await settle(members);
  report("by the interval");
  const before = RhythmicMember.sent;
  const result = await watched(() => pause(order.seconds * 1000));
  report({ ...result, heartbeats: RhythmicMember.sent - before } satisfies HeartbeatsResult);
}

async function large(): Promise<void> {
  const members = await connect("large");
  report(await form(members));
  const [leaving, ...others] = members;
  if (leaving === undefined || others.length === 0) throw new Error("nobody is there once the only member has left");
  await settle(members);
  report(await untilStable(others, () => leaving.leave()));
  await pause(order.heartbeatIntervalMs);
  const joining = await connectMember(leaving.member.groupId, leaving.group);
  report(await untilStable([...others, joining], () => joining.send()));
}

async function anyMembers(): Promise<void> {
  const members = Array.from({ length: order.groups * order.membersPerGroup }, () => new ConsumerMember("any", order.topics));
  const heartbeats = members.map((member) => member.heartbeat());
  report(await fullSpeed(heartbeats, order.seconds));
}

/** Members of groups that nobody has joined yet. */
async function connect(prefix: string): Promise<RhythmicMember[]> {
  const wanted = Array.from({ length: order.groups }, (_, index) => `${prefix}-${index}`).flatMap((name) => {
    const group = new ConsumerGroup(order.topics.length * order.partitionsPerTopic);
    return Array.from({ length: order.membersPerGroup }, () => ({ name, group }));
  });
  const socket = await FrameSocket.connect(order);
  await findCoordinator(socket, wanted[0]?.name ?? "");
  socket.close();
  const members: RhythmicMember[] = [];
  for (let from = 0; from < wanted.length; from += CONNECTED_AT_ONCE) {
    const some = wanted.slice(from, from + CONNECTED_AT_ONCE).map(({ name, group }) => connectMember(name, group));
    members.push(...(await Promise.all(some)));
  }
  return members;
}

function connectMember(name: string, group: ConsumerGroup): Promise<RhythmicMember> {
  return RhythmicMember.connect(order, new ConsumerMember(name, order.topics), group, fail);
}

function form(members: readonly RhythmicMember[]): Promise<StableResult> {
  return untilStable(members, () => {
    for (const member of members) member.send();
  });
}

async function untilStable(members: readonly RhythmicMember[], change: () => unknown): Promise<StableResult> {
  const groups = new Set(members.map(({ group }) => group));
  const before = RhythmicMember.sent;
  const { seconds } = await watched(async () => {
    await change();
    await Promise.all([...groups].map((group) => group.untilStable()));
  });
  for (const group of groups) group.checkOwners();
  return { seconds, heartbeats: RhythmicMember.sent - before };
}

/** Once all know of their group's epoch; from then on nobody sends anything. */
async function heartbeatsOf(members: readonly RhythmicMember[]): Promise<Heartbeat[]> {
  await knowEpochs(members);
  for (const member of members) member.pause();
  await pause(SHORT_WHILE_MS);
  return members.map(({ member }) => member.heartbeat());
}

async function knowEpochs(members: readonly RhythmicMember[]): Promise<void> {
  for (const group of new Set(members.map((member) => member.group))) while (!group.hasOneEpoch()) await pause(POLL_MS);
}

/**
 * Until all know of their group's epoch and heartbeat by the interval of the settings, which a group that has just changed may be asked
 * to go below; from then on their heartbeats are spread over it, as those of clients are.
 */
async function settle(members: readonly RhythmicMember[]): Promise<void> {
  const { heartbeatIntervalMs } = order;
  await knowEpochs(members);
  while (members.some(({ member }) => member.heartbeatIntervalMs !== heartbeatIntervalMs)) await pause(POLL_MS);
  for (const [index, member] of members.entries()) {
    member.resume((((index * STRIDE) % members.length) / members.length) * heartbeatIntervalMs);
  }
  await pause(heartbeatIntervalMs);
}

/** `begun` is called once all are under way. */
async function fullSpeed(heartbeats: readonly Heartbeat[], seconds: number, begun?: () => void): Promise<FullSpeedResult> {
  const rows: Heartbeat[][] = Array.from({ length: Math.min(order.connections, heartbeats.length) }, () => []);
  for (const [index, heartbeat] of heartbeats.entries()) rows[index % rows.length]?.push(heartbeat);
  const lanes = await Promise.all(rows.map((row) => HeartbeatLane.connect(order, row)));
  let latencies: number[] = [];
  for (const lane of lanes) lane.start((tookMs) => latencies.push(tookMs), fail);
  await pause(SHORT_WHILE_MS);
  latencies = [];
  begun?.();
  const result = await watched(() => pause(seconds * 1000));
  const counted = latencies;
  latencies = [];
  await Promise.all(lanes.map((lane) => lane.end()));
  const inUs = (share: number) => percentile(counted, share) * 1000;
  return { ...result, heartbeats: counted.length, p50Us: inUs(0.5), p99Us: inUs(0.99) };
}

async function watched(part: () => Promise<unknown>): Promise<Omit<HeartbeatsResult, "heartbeats">> {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  await part();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(startedCpu);
  return { seconds, clientShare: (user + system) / 1e6 / seconds };
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

// Groups with their members, each on a connection of its own.
//
//   node scripts/bench/groups-client.ts '{"mode":"steady","host":"127.0.0.1","port":9092,…}'
//
// steady: forms the groups, then heartbeats and commits at full speed. Prints a line when the groups are there, one when the warm-up is
// over, and one with the result. rebalance: forms one large group, then lets one member leave it. Prints one line.

import { givenOrder, report } from "./client-process.ts";
import { percentile } from "./frame-socket.ts";
import { GroupMember } from "./group-member.ts";
import type { Address } from "./load-socket.ts";
import { pause } from "./pause.ts";

export interface GroupsOrder extends Address {
  readonly mode: "steady" | "rebalance";
  readonly groups: number;
  readonly membersPerGroup: number;
  /** To commit offsets of. */
  readonly topic: string;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Seconds from the first join until every member of every group had synced in a generation of all. */
export interface FormedResult {
  readonly formedSeconds: number;
}

export interface SteadyResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface RebalanceResult extends FormedResult {
  /** From one member's leaving until the others had synced again; all of them heartbeat as soon as it has left. */
  readonly leftSeconds: number;
}

/** A member that has synced learns from its heartbeat that others came. */
const HEARTBEAT_MS = 20;
const CONNECTED_AT_ONCE = 100;

const order = givenOrder<GroupsOrder>();
const groups = await connectGroups();
await groups[0]?.[0]?.findCoordinator();
const startedMs = performance.now();
await Promise.all(groups.map(form));
const formedSeconds = secondsSince(startedMs);
if (order.mode === "steady") {
  report({ formedSeconds } satisfies FormedResult);
  await steady();
} else {
  report({ formedSeconds, leftSeconds: await leave(groups[0] ?? []) } satisfies RebalanceResult);
}

async function connectGroups(): Promise<GroupMember[][]> {
  const connected: GroupMember[][] = Array.from({ length: order.groups }, () => []);
  const ids = connected.flatMap((_, index) => Array.from({ length: order.membersPerGroup }, () => index));
  for (let from = 0; from < ids.length; from += CONNECTED_AT_ONCE) {
    const members = ids.slice(from, from + CONNECTED_AT_ONCE).map((index) => GroupMember.connect(order, `group-${index}`));
    for (const [place, member] of (await Promise.all(members)).entries()) connected[ids[from + place] ?? 0]?.push(member);
  }
  return connected;
}

/** Resolves when all members have synced in the same generation, and it has all of them. */
async function form(members: readonly GroupMember[]): Promise<void> {
  const isFormed = () => {
    const [first] = members;
    const isSame = members.every(({ generationId }) => generationId !== -1 && generationId === first?.generationId);
    return isSame && members.some(({ ledMembers }) => ledMembers === members.length);
  };
  await Promise.all(
    members.map(async (member) => {
      await member.join();
      while (!isFormed()) {
        await pause(HEARTBEAT_MS);
        if (!isFormed() && !(await member.heartbeat())) await member.join();
      }
    }),
  );
}

async function steady(): Promise<void> {
  let latencies: number[] = [];
  let isOver = false;
  const members = groups.flat().map((member) =>
    member.keepGoing(
      order.topic,
      () => isOver,
      (tookMs) => latencies.push(tookMs),
    ),
  );
  const ended = Promise.all(members);
  await Promise.race([pause(order.warmUpSeconds * 1000), ended]);
  latencies = [];
  const warmMs = performance.now();
  report("warm");
  await Promise.race([pause(order.seconds * 1000), ended]);
  const counted = latencies;
  latencies = [];
  const seconds = secondsSince(warmMs);
  report({
    requests: counted.length,
    seconds,
    p50Us: percentile(counted, 0.5) * 1000,
    p99Us: percentile(counted, 0.99) * 1000,
  } satisfies SteadyResult);
  isOver = true;
  await ended;
}

async function leave(members: readonly GroupMember[]): Promise<number> {
  const [left, ...others] = members;
  const leavingMs = performance.now();
  await left?.leave();
  await Promise.all(
    others.map(async (member) => {
      while (await member.heartbeat());
      await member.join();
    }),
  );
  return secondsSince(leavingMs);
}

function secondsSince(ms: number): number {
  return (performance.now() - ms) / 1000;
}

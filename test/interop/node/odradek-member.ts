// A member of a group with our own consumer, which writes what happens to it into a log of its own (../member-log.ts): odradek-member.ts
// '<options>'. Its wishes and what it does on "hold", "go" and at the end of its input are in ../group-member.ts; it sends nothing.

import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Brokers } from "../../../src/client/brokers.ts";
import { FROM_EARLIEST, GROUP_DEFAULTS, GroupConsumer } from "../../../src/client/consumer.ts";
import type { Position } from "../../../src/client/partition-fetch.ts";
import { comparePartitions, nameOf, type TopicPartition } from "../../../src/client/topic-partition.ts";
import { nowUs } from "../event-log.ts";
import type { MemberOptions } from "../group-member.ts";
import type { Offsets, Place } from "../member-log.ts";

const COMMIT_EVERY_MS = 150;
const MAX_WAIT_MS = 100;
const PATIENCE_MS = 60_000;
const options = JSON.parse(process.argv[2] ?? "") as MemberOptions & { readonly log: string };
/** What is consumed and not committed yet: the next offset to read. */
const pending = new Map<string, Position>();

function tell(event: string, fields: object = {}): void {
  appendFileSync(options.log, `${JSON.stringify({ atUs: nowUs(), event, ...fields })}\n`);
}

function placeOf({ topic, partition }: TopicPartition): Place {
  return `${topic}/${partition}`;
}

async function commit(partitions: readonly TopicPartition[]): Promise<void> {
  const positions = partitions.flatMap((partition) => pending.get(nameOf(partition)) ?? []);
  if (positions.length === 0) return;
  for (const position of positions) pending.delete(nameOf(position));
  const offsets: Offsets = Object.fromEntries(positions.map((position) => [placeOf(position), position.offset]));
  const sinceUs = nowUs();
  if (await consumer.commit(positions)) tell("committed", { sinceUs, offsets });
  else tell("refused", { offsets, error: "it is no member" });
}

const brokers = new Brokers(options.bootstrap, { clientId: options.name });
const { group: groupId, protocol, instance: instanceId = null, sessionMs: sessionTimeoutMs, assignor = "range", pattern } = options;
const consumer = new GroupConsumer(brokers, {
  ...GROUP_DEFAULTS,
  protocol,
  groupId,
  instanceId,
  sessionTimeoutMs,
  assignors: [assignor],
  heartbeatIntervalMs: 200,
  topicsRefreshMs: 1000,
  // It commits by itself.
  commitIntervalMs: undefined,
  isCommittedOnly: true,
  offsetReset: FROM_EARLIEST,
  wantedTopics: async () => options.topics,
  ...(pattern === undefined ? {} : { topicRegex: pattern }),
  assigned: (partitions) => {
    if (partitions.length > 0) tell("assigned", { places: partitions.map(placeOf) });
  },
  revoked: async (partitions, { isLost }) => {
    if (!isLost) await commit(partitions);
    for (const partition of partitions) pending.delete(nameOf(partition));
    tell(isLost ? "lost" : "revoked", { places: partitions.toSorted(comparePartitions).map(placeOf) });
  },
});

/** A broker may take longer to start again than our commands wait for one: members of other libraries wait for ever. */
async function polled(): ReturnType<typeof consumer.poll> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await consumer.poll(MAX_WAIT_MS);
    } catch (error) {
      if (!String(error).includes("Nothing listens") || Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, MAX_WAIT_MS));
    }
  }
}

let isEnding = false;
let isHolding = false;
const going = Promise.withResolvers<void>();
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  if (line === "hold") isHolding = true;
  if (line === "go") going.resolve();
});
input.on("close", () => {
  isEnding = true;
});

try {
  let lastCommitMs = Date.now();
  while (!isEnding) {
    for (const fetched of await polled()) {
      const { topic, partition, records, nextOffset } = fetched;
      for (const { offset } of records) tell("consumed", { place: placeOf(fetched), offset });
      consumer.passed(fetched, nextOffset);
      if (records.length > 0) pending.set(nameOf(fetched), { topic, partition, offset: nextOffset });
    }
    const isHeld = isHolding && pending.size > 0;
    if (isHeld) {
      tell("held");
      await going.promise;
      isHolding = false;
    }
    if (!isHeld && Date.now() - lastCommitMs < COMMIT_EVERY_MS) continue;
    await commit([...pending.values()]);
    lastCommitMs = Date.now();
  }
  await commit([...pending.values()]);
  await consumer.close();
  tell("left");
} catch (error) {
  tell("failed", { error: `${error}` });
  await consumer.close();
}
await brokers.close();

// A member of a group with kafkajs, which writes what happens to it into a log of its own (../member-log.ts): kafkajs-member.ts '<options>'.
// Its wishes and what it does at the end of its input are in ../group-member.ts; it speaks the classic protocol alone, and does not hold.

import { appendFileSync } from "node:fs";
import { type Consumer, type EachBatchPayload, Kafka } from "kafkajs";
import { QUIET } from "../../support/kafkajs.ts";
import { nowUs } from "../event-log.ts";
import type { MemberOptions } from "../group-member.ts";
import type { Place } from "../member-log.ts";

const options = JSON.parse(process.argv[2] ?? "") as MemberOptions & { readonly log: string };
const kafka = new Kafka({
  clientId: options.name,
  brokers: options.bootstrap.split(","),
  ...QUIET,
  requestTimeout: 5000,
  connectionTimeout: 2000,
  // Not more of them: what it commits goes to the coordinator that it knew, however often, until it begins anew.
  retry: { retries: 8, initialRetryTime: 50, maxRetryTime: 500 },
});
let owned: readonly Place[] = [];

function tell(event: string, fields: object = {}): void {
  appendFileSync(options.log, `${JSON.stringify({ atUs: nowUs(), event, ...fields })}\n`);
}

/** kafkajs has no callback for what is taken: everything is, whenever members share anew. */
function giveUp(): void {
  if (owned.length > 0) tell("revoked", { places: owned });
  owned = [];
}

async function consume(consumer: Consumer, { batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
  const place = `${batch.topic}/${batch.partition}`;
  let next: number | undefined;
  for (const { offset } of batch.messages) {
    if (!isRunning() || isStale()) break;
    tell("consumed", { place, offset: Number(offset) });
    resolveOffset(offset);
    next = Number(offset) + 1;
  }
  if (next === undefined) return;
  const offsets = { [place]: next };
  const sinceUs = nowUs();
  try {
    await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: `${next}` }]);
    tell("committed", { sinceUs, offsets });
  } catch (error) {
    // It would end for good if it were thrown. What came too late was somebody else's, and the heartbeat says so.
    tell("refused", { offsets, error: (error as { type?: string }).type ?? `${error}` });
  }
  await heartbeat();
}

async function join(): Promise<Consumer> {
  const joined = kafka.consumer({
    groupId: options.group,
    sessionTimeout: options.sessionMs,
    rebalanceTimeout: options.sessionMs,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 100,
    metadataMaxAge: 1000,
    // A commit that came too late ends it otherwise.
    retry: { restartOnFailure: async () => true },
  });
  joined.on(joined.events.REBALANCING, giveUp);
  joined.on(joined.events.GROUP_JOIN, ({ payload }) => {
    giveUp();
    const assigned = Object.entries(payload.memberAssignment);
    owned = assigned.flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}/${partition}`));
    if (owned.length > 0) tell("assigned", { places: owned });
  });
  // For good it ends where brokers differ for a moment in how many partitions there are, of which it does not know what to do.
  joined.on(joined.events.CRASH, ({ payload }) => {
    tell("error", { error: `${payload.error}` });
    if (payload.restart) return;
    giveUp();
    void join().then((next) => {
      consumer = next;
    });
  });
  await joined.connect();
  await joined.subscribe({ topics: [...options.topics], fromBeginning: true });
  await joined.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => consume(joined, payload) });
  return joined;
}

let consumer = await join();
for await (const _ of process.stdin) {
  // It is told nothing but that it ends.
}
await consumer.stop();
giveUp();
await consumer.disconnect();
tell("left");
process.exit(); // Where it found coordinators again, kafkajs may keep a connection that it does not know of.

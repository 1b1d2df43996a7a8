// What the catalog costs in PostgreSQL: a commit by how many logs take part, opening, a segment's row, a look-up.
//
//   node scripts/catalog-cost.ts postgres://user@host:port/database      an empty database of its own

import { randomBytes } from "node:crypto";
import { silentLogger } from "../src/base/logger.ts";
import { systemRandom } from "../src/base/random.ts";
import { systemClock } from "../src/base/system-clock.ts";
import type { LogCommit, LogKey, NewSegment } from "../src/diskless/catalog.ts";
import { PostgresCatalog } from "../src/diskless/postgres/catalog.ts";
import { Connection, type ConnectionTerms } from "../src/diskless/postgres/connection.ts";
import { migrate } from "../src/diskless/postgres/migrations.ts";
import { Session } from "../src/diskless/postgres/session.ts";
import { StoreHealth } from "../src/diskless/store-health.ts";
import type { ProducerState } from "../src/storage/producer-states.ts";

const LOG_COUNT = 10_000;
const COMMITS_OF = [1, 10, 100, 600, 1_600];
const ROUNDS = 60;
const SEGMENT_BYTES = 5_000;
const FIRST_MS = 1_800_000_000_000;

const url = process.argv[2];
if (url === undefined) throw new Error("the URL of an empty database is needed");
const terms: ConnectionTerms = {
  ...{ url, clock: systemClock, random: systemRandom, logger: silentLogger, mayForget: true },
  health: new StoreHealth(url, systemClock, silentLogger),
};
const session = await Session.open({ ...terms, applicationName: "catalog-cost", connectTimeoutMs: 5_000, statementTimeoutMs: 600_000 });
await migrate(session);
const lanes = {
  ...{ commits: new Connection(terms, { purpose: "commits" }), reads: new Connection(terms, { purpose: "reads" }) },
  changes: new Connection(terms, { purpose: "changes", timeoutMs: 60_000 }),
};

async function join(): Promise<PostgresCatalog> {
  const [claimed] = await session.query({ text: "SELECT broker, number FROM odradek.claim_lease_v1(NULL, 3600000)" });
  return new PostgresCatalog(lanes, { brokerId: Number(claimed?.["broker"]), number: Number(claimed?.["number"]) });
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ readonly ms: number; readonly result: Result }> {
  const from = performance.now();
  const result = await work();
  return { ms: performance.now() - from, result };
}

function report(name: string, times: readonly number[], logCount: number): void {
  const sorted = times.toSorted((one, other) => one - other);
  const [fast = 0, median = 0, slow = 0] = [0.1, 0.5, 0.9].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  const each = ((1000 * median) / logCount).toFixed(1);
  const shares = `a tenth ${fast.toFixed(2)}, half ${median.toFixed(2)}, nine tenths ${slow.toFixed(2)} ms`;
  console.log(`${name.padEnd(44)} ${shares}; ${each} µs a log`);
}

const topicIds = Array.from({ length: LOG_COUNT / 10 }, () => randomBytes(16).toString("base64url"));
const keys: readonly LogKey[] = topicIds.flatMap((topicId) => Array.from({ length: 10 }, (_, partition) => ({ topicId, partition })));
const ends = new Map<number, number>();
let catalog = await join();
let sequence = 0;
let epoch = 0;

async function open(count: number): Promise<readonly number[]> {
  const { ms, result } = await timed(() => catalog.open(keys.slice(0, count).map((key) => ({ ...key, leaderEpoch: epoch }))));
  const found = result.flatMap((outcome) => (outcome.kind === "open" ? [outcome] : []));
  const segments = found.reduce((sum, opened) => sum + opened.segments.length, 0);
  const producers = found.reduce((sum, opened) => sum + opened.producers.length, 0);
  console.log(`open ${count} logs with ${segments} segments, ${producers} producers`.padEnd(44), `${ms.toFixed(0)} ms`);
  for (const { logId, endOffset } of found) ends.set(logId, endOffset);
  return found.map(({ logId }) => logId);
}

function logCommit(logId: number, position: number, shape: { readonly producers: boolean; readonly isInline: boolean }): LogCommit {
  const expectedEndOffset = ends.get(logId) ?? 0;
  const endOffset = expectedEndOffset + 5;
  ends.set(logId, endOffset);
  const maxTimestampMs = FIRST_MS + sequence * 250;
  const chunk = { baseOffset: expectedEndOffset, from: position * SEGMENT_BYTES, length: SEGMENT_BYTES, maxTimestampMs };
  const place: NewSegment["place"] = shape.isInline
    ? { kind: "inline", bytes: randomBytes(500) }
    : { kind: "object", object: 0, chunks: [chunk] };
  const sizeBytes = shape.isInline ? 500 : SEGMENT_BYTES;
  const segments = [{ baseOffset: expectedEndOffset, endOffset, sizeBytes, maxTimestampMs, place }];
  const producers = shape.producers ? [producer(logId, endOffset - 1, maxTimestampMs)] : [];
  return { logId, leaderEpoch: epoch, expectedEndOffset, endOffset, segments, leaderEpochs: [], producers, abortedRanges: [] };
}

function producer(producerId: number, lastOffset: number, timestampMs: number): ProducerState {
  const batches = [4, 3, 2, 1, 0].map((before) => ({
    ...{ lastSequence: lastOffset - before, lastOffset: lastOffset - before, offsetDelta: 0, timestampMs },
  }));
  return { producerId, producerEpoch: 0, coordinatorEpoch: -1, lastTimestampMs: timestampMs, transactionFirstOffset: -1, batches };
}

async function commit(logIds: readonly number[], shape: { readonly producers: boolean; readonly isInline: boolean }): Promise<number> {
  sequence++;
  const key = `cluster/o/0000000001/${String(sequence).padStart(12, "0")}-0`;
  const objects = shape.isInline ? [] : [{ key, sizeBytes: logIds.length * SEGMENT_BYTES }];
  const logs = logIds.map((logId, position) => logCommit(logId, position, shape));
  const { ms, result } = await timed(() => catalog.commit({ sequence, objects, logs }));
  if (result.kind !== "committed" || result.refusedLogIds.length > 0) throw new Error(`a commit was not taken: ${JSON.stringify(result)}`);
  return ms;
}

async function sizes(): Promise<readonly number[]> {
  const relations = ["segment", "segment_pkey", "segment_object"].map((name) => `pg_relation_size('odradek.${name}') AS ${name}`);
  const [row] = await session.query({ text: `SELECT count(*) AS count, ${relations.join(", ")} FROM odradek.segment` });
  return ["count", "segment", "segment_pkey", "segment_object"].map((name) => Number(row?.[name]));
}

const logIds = await open(LOG_COUNT);
let first = 0;
for (const producers of [false, true]) {
  for (const count of COMMITS_OF) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const chosen = Array.from({ length: count }, (_, index) => logIds[(first + index) % logIds.length] ?? 0);
      times.push(await commit(chosen, { producers, isInline: false }));
    }
    report(`commit of ${count} logs${producers ? ", each with a producer" : ""}`, times, count);
    first += count;
  }
}
const inline: number[] = [];
for (let round = 0; round < ROUNDS; round++) inline.push(await commit(logIds.slice(0, 10), { producers: false, isInline: true }));
report("commit of 10 logs, inline", inline, 10);
const [count = 1, table = 0, primary = 0, byObject = 0] = await sizes();
console.log(
  `${count} segments: ${(table / count).toFixed(0)} bytes of table, ${(primary / count).toFixed(0)} of primary key, ` +
    `${(byObject / count).toFixed(0)} of the index by object each`,
);
const [hot] = await session.query({
  text: "SELECT round(100.0 * n_tup_hot_upd / n_tup_upd, 1) AS share FROM pg_stat_user_tables WHERE relname = 'log'",
});
console.log("updates of logs within their page:", `${hot?.["share"]} %`);

catalog = await join();
sequence = 0;
for (const opened of [1, 100, 1_000, LOG_COUNT]) {
  epoch++;
  await open(opened);
}
const [someLog = 0] = logIds.slice(first % logIds.length);
const look: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  look.push((await timed(() => catalog.segmentAt(someLog, FIRST_MS + Math.floor(Math.random() * sequence * 250), 0))).ms);
}
report("segment at a timestamp", look, 1);
const pages: number[] = [];
for (let round = 0; round < ROUNDS; round++) pages.push((await timed(() => catalog.segments(someLog, 0, 100))).ms);
report("page of 100 segments", pages, 1);
for (const lane of Object.values(lanes)) await lane.close();
await session.end();

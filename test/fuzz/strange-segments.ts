// Writes strange records into the internal topics of a folder between two starts, as they would lie there had a coordinator written them: batches
// behind the last one of a partition's last segment, in order and under checksums that fit.

import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { controlBatch } from "../../protocol/records/control-batch.ts";
import { batchesOf } from "../../protocol/records/record-batch.ts";
import type { Filesystem } from "../../src/base/filesystem.ts";
import type { Chance } from "./chance.ts";
import { INTERNAL_TOPICS, type InternalTopic, type StrangeRecord, strangeRecord } from "./coordinator-records.ts";
import type { Persona } from "./persona.ts";

/** A broker that has stopped in order would not look at what it knows. */
const CLEAN_STOP_FILE = ".kafka_cleanshutdown";
const FIRST_SEGMENT = `${"0".repeat(20)}.log`;
const MOST_BATCHES = 6;
const MOST_RECORDS = 8;

/** Gives how many batches were written; not every partition gets some. */
export function writeStrangeRecords(
  filesystem: Filesystem,
  data: string,
  { persona, chance }: { persona: Persona; chance: Chance },
): number {
  filesystem.remove(`${data}/${CLEAN_STOP_FILE}`);
  let written = 0;
  for (const folder of filesystem.list(data)) {
    const topic = folder.slice(0, folder.lastIndexOf("-"));
    if (!Object.hasOwn(INTERNAL_TOPICS, topic) || chance.oneIn(3)) continue;
    written += appendTo(
      filesystem,
      `${data}/${folder}`,
      () => strangeBatch(topic as InternalTopic, persona, chance),
      chance.between(1, MOST_BATCHES),
    );
  }
  return written;
}

function appendTo(filesystem: Filesystem, folder: string, next: () => Buffer, count: number): number {
  const segment = filesystem.list(folder).findLast((name) => name.endsWith(".log")) ?? FIRST_SEGMENT;
  const path = `${folder}/${segment}`;
  const there = filesystem.stat(path) === undefined ? Buffer.alloc(0) : filesystem.readFile(path);
  let offset = Number(segment.slice(0, -".log".length));
  for (const { nextOffset } of batchesOf(there)) offset = nextOffset;
  const batches: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const bytes = next();
    bytes.writeBigInt64BE(BigInt(offset), 0);
    bytes.writeInt32BE(0, 12);
    batches.push(bytes);
    for (const { nextOffset } of batchesOf(bytes)) offset = nextOffset;
  }
  const file = filesystem.open(path, "write");
  file.write(batches, there.length);
  file.close();
  return count;
}

function strangeBatch(topic: InternalTopic, persona: Persona, chance: Chance): Buffer {
  const timestamp = Date.now();
  const producerId = chance.below(5);
  if (chance.oneIn(12)) {
    const marker = {
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: chance.pick([0, -1, 5]),
      type: chance.pick([0, 1] as const),
      timestamp,
    };
    return controlBatch(marker).bytes;
  }
  const records = Array.from({ length: chance.between(1, MOST_RECORDS) }, () => strangeRecord(topic, persona, chance)).filter(isNobodys);
  const isTransactional = chance.oneIn(6);
  const producer = isTransactional ? { producerId, producerEpoch: 0, baseSequence: 0, isTransactional } : {};
  if (records.length === 0) records.push({ key: Buffer.from([0, 99]), value: null });
  const { bytes } = buildBatch(records, { timestamp, ...producer });
  return bytes;
}

/** What is the neighbour's would be so from then on. */
function isNobodys({ key, value }: StrangeRecord): boolean {
  return !key?.includes("neighbour") && !value?.includes("neighbour");
}

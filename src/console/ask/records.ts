// Records of a topic: read as lines that may go on for ever, one whole, and new ones.

import type { NewRecord, Produced, RecordLine, RecordsQuery, StoredRecord } from "../../http/api/shapes.ts";
import { Fault } from "./fault.ts";
import { askJson, askLines, pathOf } from "./http.ts";

export function readRecords(topic: string, query: RecordsQuery, signal: AbortSignal): AsyncGenerator<RecordLine> {
  const { partitions, ...others } = query;
  const given = { ...others, ...(partitions === undefined ? {} : { partitions: String(partitions) }) };
  return askLines(pathOf("api", "topics", topic, "records"), { query: given, signal });
}

export function wholeRecord(topic: string, { partition, offset }: StoredRecord): Promise<StoredRecord> {
  return askJson(pathOf("api", "topics", topic, "partitions", partition, "records", offset));
}

const MOST_AT_ONCE = 6;

/** Those that were cut are asked for once more. */
export async function wholeRecords(topic: string, records: readonly StoredRecord[]): Promise<readonly StoredRecord[]> {
  const whole = [...records];
  const cut = [...records.entries()].filter(([, record]) => isCut(record));
  for (let at = 0; at < cut.length; at += MOST_AT_ONCE)
    await Promise.all(
      cut.slice(at, at + MOST_AT_ONCE).map(async ([index, record]) => {
        whole[index] = await wholeRecord(topic, record);
      }),
    );
  return whole;
}

export function isCut({ key, value, headers }: StoredRecord): boolean {
  return [key, value, ...headers.map((header) => header.value)].some((content) => content?.isCut === true);
}

/** Rejects with Fault if one of them was refused. */
export async function produce(topic: string, records: NewRecord[]): Promise<Produced["records"]> {
  const { records: produced } = await askJson<Produced>(pathOf("api", "topics", topic, "records"), { method: "POST", body: { records } });
  const refused = produced.filter(({ error }) => error !== "NONE");
  const [first] = refused;
  if (first !== undefined) throw new Fault(first.error, `${refused.length} of ${produced.length} refused. ${first.message ?? ""}`);
  return produced;
}

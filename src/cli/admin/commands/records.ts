// `odradek records`: where records are, and deleting the oldest.

import type { Command } from "commander";
import { deleteRecordsBefore, OffsetSpec, offsetsAt } from "../../../client/admin/offsets.ts";
import { findTopic } from "../../../client/admin/topics.ts";
import { Refusal } from "../../../client/refusal.ts";
import { nameOf } from "../../../client/topic-partition.ts";
import { usageError } from "../../command-error.ts";
import { type Admin, type AdminOptions, group } from "../command-group.ts";
import { printRows } from "../table.ts";

const ALL = -1;

export function addRecords(program: Command, { terminal, add }: Admin): void {
  const records = group(program, "records", "print offsets, delete the oldest records");
  add(records, "offsets <topic>", async (brokers, { json }, [topic = ""]) => {
    const partitions = (await findTopic(brokers, topic)).partitions.map(({ index }) => ({ topic, partition: index }));
    const starts = await offsetsAt(brokers, partitions, { timestamp: OffsetSpec.EARLIEST });
    const ends = await offsetsAt(brokers, partitions, { timestamp: OffsetSpec.LATEST });
    const rows = partitions.map((partition) => {
      const start = offsetIn(starts, nameOf(partition));
      const end = offsetIn(ends, nameOf(partition));
      return { ...partition, start, end, records: start === null || end === null ? null : end - start };
    });
    printRows(terminal, rows, { isJson: json === true, nothing: `${topic} has no partitions.` });
  }).description("print where each partition begins and ends");
  add<AdminOptions & { readonly before: string; readonly partition?: string }>(
    records,
    "delete <topic>",
    async (brokers, { json, before, partition }, [topic = ""]) => {
      if (before !== "end" && !/^\d+$/.test(before)) throw usageError(`--before ${before}: an offset or "end" is needed`);
      const wanted = (await findTopic(brokers, topic)).partitions.filter(
        ({ index }) => partition === undefined || index === Number(partition),
      );
      const offset = before === "end" ? ALL : Number(before);
      const results = await deleteRecordsBefore(
        brokers,
        wanted.map(({ index }) => ({ topic, partition: index, offset })),
      );
      const rows = [...results].map(([name, result]) => {
        if (result instanceof Refusal) throw result;
        return { partition: name, start: result };
      });
      printRows(terminal, rows, { isJson: json === true, nothing: `${topic} has no such partition.` });
    },
  )
    .description("delete the oldest records")
    .requiredOption("--before <offset>", 'those before this offset; "end": all')
    .option("--partition <number>", "of this partition only");
}

function offsetIn(found: ReadonlyMap<string, { readonly offset: number } | Refusal>, name: string): number | null {
  const result = found.get(name);
  return result === undefined || result instanceof Refusal ? null : result.offset;
}

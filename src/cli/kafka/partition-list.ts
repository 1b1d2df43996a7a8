// Lists of partitions in JSON files: [{"topic": "a", "partition": 0}].

import type { TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { isWholeNumber } from "./json-file.ts";

/** Raises `complaint` for what is no list. */
export function partitionList(value: unknown, complaint: string): (TopicPartition & { readonly [name: string]: unknown })[] {
  if (!Array.isArray(value)) throw new CommandError(complaint);
  return value.map((entry: unknown) => {
    const fields: { readonly [name: string]: unknown } =
      typeof entry === "object" && entry !== null ? Object.fromEntries(Object.entries(entry)) : {};
    const { topic, partition } = { topic: fields["topic"], partition: fields["partition"] };
    if (typeof topic !== "string" || !isWholeNumber(partition))
      throw new CommandError("Each of partitions needs a topic and the number of a partition");
    return { ...fields, topic, partition };
  });
}

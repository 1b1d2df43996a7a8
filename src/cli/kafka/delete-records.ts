// `kafka-delete-records`: deletes the oldest records of partitions, down to the offsets that a JSON file gives.

import { deleteRecordsBefore } from "../../client/admin/offsets.ts";
import { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from "./flags.ts";
import { javaLine } from "./java-error.ts";
import { isWholeNumber, parseJsonObject, readJsonFile } from "./json-file.ts";
import { type Tool, withBrokers } from "./tool.ts";

export const kafkaDeleteRecords: Tool = {
  purpose: "Delete the oldest records of partitions.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    {
      name: "offset-json-file",
      value: "file",
      help: '{"version":1,"partitions":[{"topic":"a","partition":0,"offset":5}]}; -1 deletes all',
    },
  ],
  run: (flags, io) => {
    flags.need("bootstrap-server", "offset-json-file");
    return withBrokers(flags, async (brokers) => {
      const offsets = parseOffsets(readJsonFile(flags.get("offset-json-file") ?? ""));
      io.out("Executing records delete operation");
      const results = await deleteRecordsBefore(brokers, offsets);
      io.out("Records delete operation completed:");
      for (const partition of offsets.map(nameOf)) {
        const result = results.get(partition);
        if (result instanceof Refusal) io.out(`partition: ${partition}\terror: ${javaLine(result)}`);
        else io.out(`partition: ${partition}\tlow_watermark: ${result}`);
      }
      return 0;
    });
  },
};

function parseOffsets(text: string): (TopicPartition & { readonly offset: number })[] {
  const { partitions } = parseJsonObject(text, "The input string is not a valid JSON");
  if (!Array.isArray(partitions)) throw new CommandError("Missing partitions field");
  const offsets = partitions.map((entry: unknown) => {
    const isObject = typeof entry === "object" && entry !== null;
    if (!isObject || !("topic" in entry) || !("partition" in entry) || !("offset" in entry))
      throw new CommandError("Each of partitions needs topic, partition and offset");
    const { topic, partition, offset } = entry;
    if (typeof topic !== "string" || !isWholeNumber(partition) || !isWholeNumber(offset))
      throw new CommandError("Of each of partitions, topic is a text, partition and offset are numbers");
    return { topic, partition, offset };
  });
  const names = offsets.map(nameOf);
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (twice.length > 0) throw new CommandError(`Offset json file contains duplicate topic partitions: ${twice.join(",")}`);
  return offsets;
}

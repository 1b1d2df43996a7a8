// `kafka-log-dirs`: how large the logs of each broker are, as one line of JSON.

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, partitionHash } from "../../base/java-order.ts";
import { logDirectoriesOf } from "../../client/admin/log-dirs.ts";
import { nameOf } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError } from "./flags.ts";
import { javaClass } from "./java-error.ts";
import { type Tool, withBrokers } from "./tool.ts";

export const kafkaLogDirs: Tool = {
  purpose: "Print the sizes of logs by broker and folder.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "describe", help: "print them" },
    { name: "topic-list", value: "a,b", help: "of these topics only" },
    { name: "broker-list", value: "1,2", help: "of these brokers only" },
  ],
  run: (flags, io) => {
    flags.need("bootstrap-server", "describe");
    const topics = listOf(flags.get("topic-list"));
    return withBrokers(flags, async (brokers) => {
      const known = (await brokers.all()).map(({ id }) => id);
      const wanted = listOf(flags.get("broker-list")).map((text) => {
        if (!/^\d+$/.test(text)) throw new CommandError(`For input string: "${text}"`);
        return Number(text);
      });
      const missing = wanted.filter((id) => !known.includes(id));
      if (missing.length > 0)
        throw new FlagError(
          `ERROR: The given brokers do not exist from --broker-list: ${missing.join(",")}. Current existent brokers: ${known.join(",")}`,
          { isTerse: true },
        );
      const ids = wanted.length === 0 ? known : wanted;
      io.out("Querying brokers for log directories information");
      const described = [];
      for (const id of ids) {
        const directories = await logDirectoriesOf(brokers, id);
        const logDirs = directories.map(({ path, errorCode, logs }) => {
          const partitions = inMapOrder(logs, partitionHash).filter(({ topic }) => topics.length === 0 || topics.includes(topic));
          return {
            partitions: partitions.map((log) => ({
              partition: nameOf(log),
              size: log.sizeBytes,
              offsetLag: log.offsetLag,
              isFuture: log.isFuture,
            })),
            error: errorCode === Errors.NONE ? null : javaClass(errorCode),
            logDir: path,
          };
        });
        described.push({ broker: id, logDirs });
      }
      io.out(`Received log directory information from brokers ${ids.join(",")}`);
      io.out(JSON.stringify({ brokers: described, version: 1 }));
      return 0;
    });
  },
};

function listOf(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((name) => name !== "");
}

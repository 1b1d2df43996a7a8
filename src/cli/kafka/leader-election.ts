// `kafka-leader-election`: gives partitions their preferred leader, or any that is alive.

import { Errors } from "../../../protocol/errors.ts";
import { inMapOrder, partitionHash } from "../../base/java-order.ts";
import { Election, elect } from "../../client/admin/leaders.ts";
import type { Refusal } from "../../client/refusal.ts";
import { nameOf, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, sentenceOf } from "./java-error.ts";
import { parseJsonObject, readJsonFile } from "./json-file.ts";
import { partitionList } from "./partition-list.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const SCOPES = ["topic", "all-topic-partitions", "path-to-json-file"] as const;

export const kafkaLeaderElection: Tool = {
  purpose: "Elect leaders of partitions.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "admin.config", value: "file", help: "the older name of --command-config" },
    { name: "election-type", value: "type", help: "preferred, or unclean: any replica that is alive" },
    { name: "topic", value: "name", help: "the topic, with --partition" },
    { name: "partition", value: "number", isWhole: true, help: "the partition" },
    { name: "all-topic-partitions", help: "all partitions that need it" },
    { name: "path-to-json-file", value: "file", help: '{"partitions":[{"topic":"a","partition":0}]}' },
  ],
  run: (flags, io) => {
    const election = checkedElection(flags);
    return withBrokers(flags, async (brokers) => {
      const partitions = wantedPartitions(flags);
      const results = await elect(brokers, election, partitions);
      return report(results, { election, partitions: partitions ?? [], io });
    });
  },
};

function checkedElection(flags: Flags): Election {
  const type = flags.get("election-type");
  if (type !== undefined && !/^(preferred|unclean)$/i.test(type))
    throw new FlagError(`Cannot parse argument '${type}' of option election-type`, { isTerse: true });
  const missing = ["bootstrap-server", "election-type"].filter((name) => !flags.has(name));
  if (missing.length > 0) throw new FlagError(`Missing required option(s): ${missing.join(", ")}`, { isTerse: true });
  if (flags.countOf(SCOPES) !== 1)
    throw new FlagError(`One and only one of the following options is required: ${SCOPES.join(", ")}`, { isTerse: true });
  if (flags.has("topic") && !flags.has("partition")) throw new FlagError("Missing required option(s): partition", { isTerse: true });
  if (!flags.has("topic") && flags.has("partition"))
    throw new FlagError("Option partition is only allowed if topic is used", { isTerse: true });
  return type?.toLowerCase() === "unclean" ? Election.UNCLEAN : Election.PREFERRED;
}

function wantedPartitions(flags: Flags): readonly TopicPartition[] | null {
  if (flags.has("all-topic-partitions")) return null;
  const path = flags.get("path-to-json-file");
  if (path === undefined) return [{ topic: flags.get("topic") ?? "", partition: flags.whole("partition") ?? 0 }];
  const { partitions } = parseJsonObject(readJsonFile(path), "Replica election data is empty");
  const list = partitionList(partitions, 'Replica election data is missing "partitions" field');
  const names = list.map(nameOf);
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (twice.length > 0) throw new CommandError(`Replica election data contains duplicate partitions: [${twice.join(",")}]`);
  return list;
}

interface Elections {
  readonly election: Election;
  readonly partitions: readonly TopicPartition[];
  readonly io: Io;
}

function report(results: ReadonlyMap<string, Refusal | null>, { election, partitions, io }: Elections): number {
  const order = inMapOrder(partitions, partitionHash).map(nameOf);
  const sorted = [...results].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
  const isNeedless = (result: Refusal | null) => result?.errorCode === Errors.ELECTION_NOT_NEEDED;
  const held = sorted.filter(([, result]) => result === null).map(([name]) => name);
  const needless = sorted.filter(([, result]) => isNeedless(result)).map(([name]) => name);
  const failed = sorted.flatMap(([name, result]) => (result === null || isNeedless(result) ? [] : [{ name, result }]));
  const type = election === Election.UNCLEAN ? "UNCLEAN" : "PREFERRED";
  if (held.length > 0) io.out(`Successfully completed leader election (${type}) for partitions ${held.join(", ")}`);
  if (needless.length > 0) io.out(`Valid replica already elected for partitions ${needless.join(", ")}`);
  for (const { name, result } of failed) io.out(`Error completing leader election (${type}) for partition: ${name}: ${javaLine(result)}`);
  if (failed.length === 0) return 0;
  io.error(`${failed.length} replica(s) could not be elected`);
  for (const { result } of failed) io.error(sentenceOf(result));
  return 1;
}

// `odradek topics`: list, describe, create, delete, and more partitions.

import type { Command } from "commander";
import { CommandError, usageError } from "../../command-error.ts";
import { type Admin, type AdminOptions, group } from "../program.ts";
import { printRows } from "../table.ts";
import { addPartitions, createTopic, deleteTopic, describeTopics, listTopics } from "../topics.ts";

export function addTopics(program: Command, { terminal, add }: Admin): void {
  const topics = group(program, "topics", "list, describe, create and delete topics");
  add(topics, "list", async (brokers, { json }) => {
    const rows = (await listTopics(brokers)).map(({ name, partitions, isInternal }) => ({
      topic: name,
      partitions: partitions.length,
      internal: isInternal,
    }));
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no topics." });
  }).description("print all topics");
  add(topics, "describe <topic...>", async (brokers, { json }, names) => {
    const rows = (await describeTopics(brokers, names)).flatMap(({ name, partitions }) =>
      partitions.map(({ index, leaderId, replicas, inSync }) => ({
        topic: name,
        partition: index,
        leader: leaderId,
        replicas: [...replicas],
        "in sync": [...inSync],
      })),
    );
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no partitions." });
  }).description("print the partitions of topics");
  add<AdminOptions & { readonly partitions?: string; readonly replicas?: string; readonly config?: string[] }>(
    topics,
    "create <topic...>",
    async (brokers, { partitions, replicas, config = [] }, names) => {
      const configs = new Map(config.map(parseConfig));
      for (const name of names) {
        await createTopic(brokers, {
          name,
          partitions: count(partitions, "--partitions"),
          replicationFactor: count(replicas, "--replicas"),
          configs,
        });
        terminal.out(`Created ${name}.\n`);
      }
    },
  )
    .description("make topics")
    .option("-p, --partitions <count>", "number of partitions; the broker's default otherwise")
    .option("-r, --replicas <count>", "replicas of each partition; the broker's default otherwise")
    .option("-c, --config <key=value>", "a setting; repeatable", (value: string, previous: string[] = []) => [...previous, value]);
  add(topics, "delete <topic...>", async (brokers, _, names) => {
    for (const name of names) {
      await deleteTopic(brokers, name);
      terminal.out(`Deleted ${name}.\n`);
    }
  }).description("delete topics with all their records");
  add(topics, "add-partitions <topic> <count>", async (brokers, _, [name = "", total]) => {
    await addPartitions(brokers, name, { count: count(total, "count") });
    terminal.out(`${name} has ${total} partitions now.\n`);
  }).description("raise the number of partitions to count");
}

export function parseConfig(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at <= 0) throw usageError(`${text}: a setting must be written key=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

const BY_DEFAULT = -1;

function count(text: string | undefined, what: string): number {
  if (text === undefined) return BY_DEFAULT;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new CommandError(`${what} ${text}: a whole number from 1 on is needed`, 2);
  return Number(text);
}

// `odradek topics`: list, describe, create, delete, and more partitions.

import type { Command } from "commander";
import { addPartitions, createTopic, deleteTopic, describeTopics, listTopics } from "../../../client/admin/topics.ts";
import { CommandError, usageError } from "../../command-error.ts";
import { Progress } from "../../progress.ts";
import type { Terminal } from "../../terminal.ts";
import { type Admin, type AdminOptions, group } from "../command-group.ts";
import { printRows } from "../table.ts";

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
    async (brokers, { json, partitions, replicas, config = [] }, names) => {
      const configs = new Map(config.map(parseConfig));
      await eachTopic(names, { terminal, what: "topics created", isQuiet: json === true }, async (name) => {
        await createTopic(brokers, {
          name,
          partitions: count(partitions, "--partitions"),
          replicationFactor: count(replicas, "--replicas"),
          configs,
        });
        terminal.out(`Created ${name}.\n`);
      });
    },
  )
    .description("make topics")
    .option("-p, --partitions <count>", "number of partitions; the broker's default otherwise")
    .option("-r, --replicas <count>", "replicas of each partition; the broker's default otherwise")
    .option("-c, --config <key=value>", "a setting; repeatable", (value: string, previous: string[] = []) => [...previous, value]);
  add(topics, "delete <topic...>", async (brokers, { json }, names) => {
    await eachTopic(names, { terminal, what: "topics deleted", isQuiet: json === true }, async (name) => {
      await deleteTopic(brokers, name);
      terminal.out(`Deleted ${name}.\n`);
    });
  }).description("delete topics with all their records");
  add(topics, "add-partitions <topic> <count>", async (brokers, _, [name = "", total]) => {
    await addPartitions(brokers, name, { count: count(total, "count") });
    terminal.out(`${name} has ${total} partitions now.\n`);
  }).description("raise the number of partitions to count");
}

async function eachTopic(
  names: readonly string[],
  { terminal, what, isQuiet }: { readonly terminal: Terminal; readonly what: string; readonly isQuiet: boolean },
  work: (name: string) => Promise<void>,
): Promise<void> {
  const progress = new Progress(terminal, { what, total: names.length, isQuiet });
  try {
    for (const [index, name] of names.entries()) {
      await work(name);
      progress.at(index + 1);
    }
  } finally {
    progress.end();
  }
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

// Kafka's command line tools, as people use them at a dev broker: topics, the console clients with their default settings (an
// idempotent producer), consumer groups, offsets. What they print comes mostly from the broker, also the wording of refusals.

import { compare, type Observation } from "./compare.ts";
import { runTool, tool } from "./java-tools.ts";
import { waitFor } from "./processes.ts";

const PRINTING = ["key", "value", "headers", "partition", "offset"].flatMap((what) => ["--formatter-property", `print.${what}=true`]);

function keyedLines(count: number): string {
  return Array.from({ length: count }, (_, index) => `key-${index}:value ${index}\n`).join("");
}

compare("topics: create, list, describe, alter and delete", async (broker) => {
  const topics = (...args: string[]): Promise<Observation> => tool(broker, "topics", args);
  const topic = "java-topics";
  return {
    created: await topics("--create", "--topic", topic, "--partitions", "3", "--config", "retention.ms=86400000"),
    createdWithDefaults: await topics("--create", "--topic", "java-topics-plain"),
    createdAgain: await topics("--create", "--topic", topic),
    createdIfNew: await topics("--create", "--if-not-exists", "--topic", topic),
    createdInvalid: await topics("--create", "--topic", "not a name"),
    createdWithDots: await topics("--create", "--topic", "java.topics.plain"),
    createdColliding: await topics("--create", "--topic", "java_topics.plain"),
    createdWide: await topics("--create", "--topic", "java-topics-wide", "--replication-factor", "3"),
    createdWrongConfig: await topics("--create", "--topic", "java-topics-config", "--config", "cleanup.policy=keep"),
    described: await topics("--describe", "--topic", topic),
    describedPlain: await topics("--describe", "--topic", "java-topics-plain"),
    describedUnknown: await topics("--describe", "--topic", "java-topics-unknown"),
    altered: await topics("--alter", "--topic", topic, "--partitions", "5"),
    alteredToFewer: await topics("--alter", "--topic", topic, "--partitions", "2"),
    describedAltered: await topics("--describe", "--topic", topic),
    isListed: await isListed(broker.bootstrap, topic),
    deleted: await topics("--delete", "--topic", topic),
    deletedUnknown: await topics("--delete", "--topic", "java-topics-unknown"),
    isListedAfter: await waitFor(
      "the topic to be gone",
      () => isListed(broker.bootstrap, topic),
      (listed) => !listed,
    ),
  };
});

async function isListed(bootstrap: string, topic: string): Promise<boolean> {
  const { stdout } = await runTool(["topics", "--bootstrap-server", bootstrap, "--list"]);
  return stdout.split("\n").includes(topic);
}

compare("console producer and consumer: with the default settings, keys and headers", async (broker) => {
  const topic = "java-console";
  const reading = ["--topic", topic, "--from-beginning", ...PRINTING];
  await tool(broker, "topics", ["--create", "--topic", topic, "--partitions", "3"]);
  const keyed = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
  const headers = [
    "--reader-property",
    "parse.headers=true",
    "--reader-property",
    "headers.delimiter=|",
    "--reader-property",
    "null.marker=NULL",
  ];
  return {
    produced: await tool(broker, "console-producer", ["--topic", topic, ...keyed], { stdin: keyedLines(30) }),
    producedOthers: await tool(broker, "console-producer", ["--topic", topic, ...keyed, ...headers], {
      stdin: "a:1,b:2|key-1:with headers\na:1|key-2:NULL\n",
    }),
    producedZstd: await tool(broker, "console-producer", ["--topic", topic, ...keyed, "--compression-codec", "zstd"], {
      stdin: keyedLines(5),
    }),
    consumed: await tool(broker, "console-consumer", [...reading, "--max-messages", "37", "--timeout-ms", "20000"], { isSorted: true }),
    consumedPartition: await tool(broker, "console-consumer", [
      "--topic",
      topic,
      "--partition",
      "1",
      "--offset",
      "2",
      "--max-messages",
      "3",
      ...PRINTING,
    ]),
  };
});

compare("consumer groups: committed offsets, lag, members and resetting", async (broker) => {
  const topic = "java-groups";
  const group = "java-group";
  const groups = (...args: string[]): Promise<Observation> => tool(broker, "consumer-groups", args, { isSorted: true });
  const consume = (count: number, ...args: string[]): Promise<Observation> =>
    tool(broker, "console-consumer", ["--topic", topic, "--group", group, "--max-messages", `${count}`, "--timeout-ms", "20000", ...args], {
      isSorted: true,
    });
  const produce = (): Promise<Observation> => tool(broker, "console-producer", ["--topic", topic], { stdin: keyedLines(10) });
  await tool(broker, "topics", ["--create", "--topic", topic, "--partitions", "1"]);
  return {
    produced: await produce(),
    consumed: await consume(10, "--from-beginning"),
    producedMore: await produce(),
    resumed: await consume(4),
    described: await groups("--describe", "--group", group),
    describedState: await groups("--describe", "--group", group, "--state"),
    describedUnknown: await groups("--describe", "--group", "java-group-unknown"),
    isListed: JSON.stringify(await groups("--list")).includes(`"${group}"`),
    reset: await groups("--group", group, "--topic", topic, "--reset-offsets", "--to-offset", "3", "--execute"),
    consumedAfterReset: await consume(2),
    shifted: await groups("--group", group, "--topic", topic, "--reset-offsets", "--shift-by", "1", "--dry-run"),
    offsetsDeleted: await groups("--group", group, "--topic", topic, "--delete-offsets"),
    deleted: await groups("--group", group, "--delete"),
    deletedUnknown: await groups("--group", "java-group-unknown", "--delete"),
  };
});

compare("get-offsets: earliest, latest, by time and of unknown topics", async (broker) => {
  const topic = "java-offsets";
  const offsets = (...args: string[]): Promise<Observation> => tool(broker, "get-offsets", args, { isSorted: true });
  await tool(broker, "topics", ["--create", "--topic", topic, "--partitions", "2"]);
  const keyed = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
  await tool(broker, "console-producer", ["--topic", topic, ...keyed], { stdin: keyedLines(20) });
  return {
    latest: await offsets("--topic", topic),
    earliest: await offsets("--topic", topic, "--time", "earliest"),
    longAgo: await offsets("--topic", topic, "--time", "1000"),
    inFuture: await offsets("--topic", topic, "--time", "99999999999999"),
    ofPartition: await offsets("--topic-partitions", `${topic}:1`),
    unknownTopic: await offsets("--topic", "java-offsets-unknown"),
    unknownPartition: await offsets("--topic-partitions", `${topic}:7`),
  };
});

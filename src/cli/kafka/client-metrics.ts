// `kafka-client-metrics`: which metrics clients are asked to push.

import { randomBytes } from "node:crypto";
import {
  alterResource,
  type ConfigChange,
  ConfigOperation,
  describeResource,
  listResources,
  ResourceType,
} from "../../client/admin/configs.ts";
import type { Brokers } from "../../client/brokers.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { sentenceOf } from "./java-error.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const ID_BYTES = 16;
const SETTINGS = ["interval.ms", "metrics", "match"] as const;

export const kafkaClientMetrics: Tool = {
  purpose: "Configure the metrics that clients push.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "list", help: "list the subscriptions" },
    { name: "describe", help: "print subscriptions" },
    { name: "alter", help: "make or change a subscription" },
    { name: "delete", help: "delete a subscription" },
    { name: "name", value: "name", help: "the subscription" },
    { name: "generate-name", help: "with --alter: invent a name" },
    { name: "interval", value: "ms", help: "how often clients push" },
    { name: "metrics", value: "a,b", help: "prefixes of metrics" },
    { name: "match", value: "k=v,…", help: "of clients that match" },
  ],
  run: (flags, io) => {
    flags.need("bootstrap-server");
    if (flags.countOf(["alter", "delete", "describe", "list"]) !== 1)
      throw new FlagError("Command must include exactly one action: --alter, --delete, --describe or --list.");
    if (flags.has("alter") && !flags.has("name") && !flags.has("generate-name"))
      throw new FlagError("One of --name or --generate-name must be specified with --alter.", { isTerse: true });
    if (flags.has("delete") && !flags.has("name"))
      throw new FlagError("A client metrics resource name must be specified with --delete.", { isTerse: true });
    return withBrokers(flags, async (brokers) => {
      if (flags.has("list")) io.out((await listResources(brokers, ResourceType.CLIENT_METRICS)).join("\n"));
      else if (flags.has("describe")) await describe(brokers, flags.get("name"), io);
      else if (flags.has("alter")) await alter(brokers, flags, io);
      else await remove(brokers, flags.get("name") ?? "", io);
      return 0;
    });
  },
  failed: (error, io) => {
    io.out(`Error while executing client metrics command : ${sentenceOf(error)}`);
    io.logError(error);
    return 1;
  },
};

async function describe(brokers: Brokers, wanted: string | undefined, io: Io): Promise<void> {
  const all = await listResources(brokers, ResourceType.CLIENT_METRICS);
  if (wanted !== undefined && !all.includes(wanted)) {
    io.out(`The client metric resource ${wanted} doesn't exist and doesn't have dynamic config.`);
    return;
  }
  for (const name of wanted === undefined ? all : [wanted]) {
    io.out(`Client metrics configs for ${name} are:`);
    const entries = await describeResource(brokers, { type: ResourceType.CLIENT_METRICS, name });
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) io.out(`  ${entry.name}=${entry.value}`);
  }
}

/** An empty value goes back to the default. */
async function alter(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const name = flags.get("name") ?? randomBytes(ID_BYTES).toString("base64url");
  const given = [
    ["interval.ms", flags.get("interval")],
    ["metrics", flags.get("metrics")],
    ["match", flags.get("match")],
  ] as const;
  const changes = given.flatMap(([key, value]): ConfigChange[] =>
    value === undefined ? [] : [{ name: key, operation: value === "" ? ConfigOperation.DELETE : ConfigOperation.SET, value }],
  );
  await alterResource(brokers, { type: ResourceType.CLIENT_METRICS, name }, changes);
  io.out(`Altered client metrics config for ${name}.`);
}

async function remove(brokers: Brokers, name: string, io: Io): Promise<void> {
  const changes = SETTINGS.map((key) => ({ name: key, operation: ConfigOperation.DELETE, value: "" }));
  await alterResource(brokers, { type: ResourceType.CLIENT_METRICS, name }, changes);
  io.out(`Deleted client metrics config for ${name}.`);
}

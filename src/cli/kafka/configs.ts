// `kafka-configs`: the settings of topics, brokers, groups, client metrics and loggers, quotas and SCRAM credentials.

import { inMapOrder, stringHash } from "../../base/java-order.ts";
import {
  alterResource,
  type ConfigChange,
  type ConfigEntry,
  ConfigOperation,
  ConfigSource,
  describeResource,
  listResources,
  ResourceType,
} from "../../client/admin/configs.ts";
import { listAllGroups } from "../../client/admin/groups.ts";
import { listTopics } from "../../client/admin/topics.ts";
import type { Brokers } from "../../client/brokers.ts";
import { alterClients, describeClients } from "./client-configs.ts";
import { type Changes, completedLine } from "./config-changes.ts";
import { type ConfigEntity, configEntities, type EntityType } from "./config-entities.ts";
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaTrace } from "./java-error.ts";
import { type Io, parseProperties, readTextFile, type Tool, withBrokers } from "./tool.ts";

type ResourceEntityType = Exclude<EntityType, "clients" | "users" | "ips">;

const RESOURCES: { readonly [type in ResourceEntityType]: ResourceType } = {
  topics: ResourceType.TOPIC,
  brokers: ResourceType.BROKER,
  "broker-loggers": ResourceType.BROKER_LOGGER,
  "client-metrics": ResourceType.CLIENT_METRICS,
  groups: ResourceType.GROUP,
};
const SOURCES: { readonly [source: number]: string } = {
  [ConfigSource.TOPIC]: "DYNAMIC_TOPIC_CONFIG",
  [ConfigSource.BROKER]: "DYNAMIC_BROKER_CONFIG",
  [ConfigSource.BROKER_DEFAULT]: "DYNAMIC_DEFAULT_BROKER_CONFIG",
  [ConfigSource.STATIC]: "STATIC_BROKER_CONFIG",
  [ConfigSource.DEFAULT]: "DEFAULT_CONFIG",
  [ConfigSource.BROKER_LOGGER]: "DYNAMIC_BROKER_LOGGER_CONFIG",
  [ConfigSource.CLIENT_METRICS]: "DYNAMIC_CLIENT_METRICS_CONFIG",
  [ConfigSource.GROUP]: "DYNAMIC_GROUP_CONFIG",
};

export const kafkaConfigs: Tool = {
  purpose: "Print and change settings, quotas and credentials.",
  flags: [
    BOOTSTRAP_SERVER,
    BOOTSTRAP_CONTROLLER,
    COMMAND_CONFIG,
    { name: "describe", help: "print settings" },
    { name: "alter", help: "change settings" },
    { name: "all", help: "with --describe: those that are not set, too" },
    { name: "entity-type", value: "type", help: "topics, clients, users, brokers, ips, client-metrics, groups or broker-loggers" },
    { name: "entity-name", value: "name", help: "which of that type" },
    { name: "entity-default", help: "the defaults of that type" },
    { name: "add-config", value: "k=v,…", help: "set these: k1=v1,k2=[v2,v3]" },
    { name: "add-config-file", value: "file", help: "set those of a properties file" },
    { name: "delete-config", value: "k,…", help: "go back to the default of these" },
    { name: "topic", value: "name", help: "the topic" },
    { name: "client", value: "id", help: "the client id" },
    { name: "client-defaults", help: "the defaults of client ids" },
    { name: "user", value: "name", help: "the user" },
    { name: "user-defaults", help: "the defaults of users" },
    { name: "broker", value: "id", help: "the broker" },
    { name: "broker-defaults", help: "the defaults of brokers" },
    { name: "broker-logger", value: "id", help: "the loggers of this broker" },
    { name: "ip", value: "address", help: "the address" },
    { name: "ip-defaults", help: "the defaults of addresses" },
    { name: "client-metrics", value: "name", help: "the subscription to clients' metrics" },
    { name: "group", value: "id", help: "the group" },
  ],
  run: (flags, io, argv) => {
    if (flags.countOf(["describe", "alter"]) !== 1) throw new FlagError("Command must include exactly one action: --describe, --alter");
    flags.refuseWith("alter", ["all"]);
    for (const name of ["add-config", "add-config-file", "delete-config"]) flags.refuseWith(name, ["describe"]);
    const given = flags.countOf(["bootstrap-server", "bootstrap-controller"]);
    if (given > 1) throw new FlagError("Only one of --bootstrap-server or --bootstrap-controller can be specified");
    if (given === 0) throw new FlagError("One of the required --bootstrap-server or --bootstrap-controller arguments must be specified");
    const entities = configEntities(flags, argv);
    if (flags.has("alter") && flags.countOf(["add-config", "add-config-file", "delete-config"]) === 0)
      throw new FlagError("At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter", {
        isTerse: true,
      });
    flags.refuseWith("add-config", ["add-config-file"]);
    return withBrokers(flags, async (brokers) => {
      const [first] = entities;
      if (first === undefined) return 0;
      if (isResource(first)) await handleResource(brokers, { type: first.type, name: first.name }, { flags, io });
      else if (flags.has("describe")) await describeClients(brokers, entities, io);
      else await alterClients(brokers, entities, { ...changesOf(flags), io });
      return 0;
    });
  },
  failed: (error, io, argv) => {
    io.error(`Error while executing config command with args '${argv.join(" ")}'`);
    io.error(`java.util.concurrent.ExecutionException: ${javaTrace(error)}`);
    return 1;
  },
};

interface ResourceEntity {
  readonly type: ResourceEntityType;
  readonly name: string | null | undefined;
}

function isResource(entity: ConfigEntity): entity is ResourceEntity {
  return entity.type in RESOURCES;
}

async function handleResource(brokers: Brokers, entity: ResourceEntity, { flags, io }: { flags: Flags; io: Io }): Promise<void> {
  if (flags.has("describe")) return describe(brokers, entity, { isAll: flags.has("all"), io });
  const { added, deleted } = changesOf(flags);
  const changes: ConfigChange[] = [
    ...[...added].map(([name, value]) => ({ name, operation: ConfigOperation.SET, value })),
    ...deleted.map((name) => ({ name, operation: ConfigOperation.DELETE, value: "" })),
  ];
  await alterResource(brokers, { type: RESOURCES[entity.type], name: entity.name ?? "" }, changes);
  io.out(completedLine(entity.type, entity.name ?? null));
}

/** Raises FlagError for what is not `key=value`. */
function changesOf(flags: Flags): Changes {
  const file = flags.get("add-config-file");
  const added = file === undefined ? parseAdded(flags.all("add-config").join(",")) : parseProperties(readTextFile(file));
  const deleted = flags.all("delete-config").flatMap((list) => list.split(",").map((name) => name.trim()));
  return { added, deleted: deleted.filter((name) => name !== "") };
}

/** `a=1,b=[2,3]`: square brackets keep commas together. */
function parseAdded(text: string): Map<string, string> {
  const added = new Map<string, string>();
  for (const piece of text.match(/(?:[^,[\]]|\[[^\]]*\])+/g) ?? []) {
    const at = piece.indexOf("=");
    if (at < 0)
      throw new FlagError(
        'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.',
        { isTerse: true },
      );
    const value = piece.slice(at + 1).trim();
    added.set(piece.slice(0, at).trim(), value.replace(/^\[(.*)\]$/s, "$1"));
  }
  return added;
}

async function describe(brokers: Brokers, { type, name }: ResourceEntity, { isAll, io }: { isAll: boolean; io: Io }): Promise<void> {
  if (typeof name === "string" && name !== "" && !(await isThere(brokers, type, name))) {
    io.out(`The ${type.slice(0, -1)} '${name}' doesn't exist and doesn't have dynamic config.`);
    return;
  }
  const names = name === undefined ? [...(await namesOf(brokers, type)), ...(type === "brokers" ? [""] : [])] : [name ?? ""];
  for (const one of names) {
    const entries = await describeResource(brokers, { type: RESOURCES[type], name: one });
    if (one === "") io.out(`Default configs for ${type} in the cluster are:`);
    else io.out(`${isAll ? "All" : "Dynamic"} configs for ${type.slice(0, -1)} ${one} are:`);
    const wanted = entries.filter((entry) => isAll || isDynamic(entry, { type, isDefault: one === "" }));
    for (const entry of wanted.sort((a, b) => (a.name < b.name ? -1 : 1))) io.out(configLine(entry));
  }
}

/** What was set for just this resource. */
function isDynamic({ source }: ConfigEntry, { type, isDefault }: { type: ResourceEntityType; isDefault: boolean }): boolean {
  switch (type) {
    case "topics":
      return source === ConfigSource.TOPIC;
    case "brokers":
      return source === (isDefault ? ConfigSource.BROKER_DEFAULT : ConfigSource.BROKER);
    case "broker-loggers":
      return true;
    case "client-metrics":
      return source === ConfigSource.CLIENT_METRICS;
    case "groups":
      return source === ConfigSource.GROUP;
  }
}

async function isThere(brokers: Brokers, type: ResourceEntityType, name: string): Promise<boolean> {
  return (await namesOf(brokers, type)).includes(name);
}

async function namesOf(brokers: Brokers, type: ResourceEntityType): Promise<string[]> {
  switch (type) {
    case "topics":
      return (await listTopics(brokers)).map(({ name }) => name);
    case "brokers":
    case "broker-loggers":
      return (await brokers.all()).map(({ id }) => `${id}`);
    case "client-metrics":
      return listResources(brokers, RESOURCES[type]);
    case "groups": {
      const groups = inMapOrder(await listAllGroups(brokers), ({ id }) => stringHash(id)).map(({ id }) => id);
      return [...new Set([...(await listResources(brokers, RESOURCES[type])), ...groups])];
    }
  }
}

function configLine({ name, value, isSensitive, synonyms }: ConfigEntry): string {
  const sources = synonyms.map((synonym) => `${SOURCES[synonym.source] ?? "UNKNOWN"}:${synonym.name}=${synonym.value}`);
  return `  ${name}=${value} sensitive=${isSensitive} synonyms={${sources.join(", ")}}`;
}

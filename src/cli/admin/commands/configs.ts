// `odradek configs`: the settings of topics, brokers, groups and client metrics.

import type { Command } from "commander";
import { ownValue } from "../../../base/foreign-names.ts";
import {
  alterResource,
  ConfigOperation,
  ConfigSource,
  describeResource,
  type Resource,
  ResourceType,
} from "../../../client/admin/configs.ts";
import { usageError } from "../../command-error.ts";
import { type Admin, type AdminOptions, group } from "../command-group.ts";
import { printRows } from "../table.ts";
import { parseConfig } from "./topics.ts";

const TYPES: { readonly [word: string]: ResourceType } = {
  topic: ResourceType.TOPIC,
  broker: ResourceType.BROKER,
  group: ResourceType.GROUP,
  "client-metrics": ResourceType.CLIENT_METRICS,
  logger: ResourceType.BROKER_LOGGER,
};
const SOURCES: ReadonlyMap<number, string> = new Map([
  [ConfigSource.TOPIC, "topic"],
  [ConfigSource.BROKER, "broker"],
  [ConfigSource.BROKER_DEFAULT, "all brokers"],
  [ConfigSource.STATIC, "start"],
  [ConfigSource.DEFAULT, "default"],
  [ConfigSource.BROKER_LOGGER, "logger"],
  [ConfigSource.CLIENT_METRICS, "client-metrics"],
  [ConfigSource.GROUP, "group"],
]);

export function addConfigs(program: Command, { terminal, add }: Admin): void {
  const configs = group(program, "configs", `print and change settings of a ${Object.keys(TYPES).join(", ")}`);
  add<AdminOptions & { readonly all?: boolean }>(configs, "get <type> <name>", async (brokers, { json, all }, [type, name]) => {
    const entries = await describeResource(brokers, resourceOf(type, name));
    const rows = entries
      .filter(({ source }) => all === true || source !== ConfigSource.DEFAULT)
      .map((entry) => ({ setting: entry.name, value: entry.value, "set by": SOURCES.get(entry.source) ?? `${entry.source}` }));
    printRows(terminal, rows, { isJson: json === true, nothing: "Nothing is set; --all prints the defaults." });
  })
    .description("print what is set")
    .option("-a, --all", "with what is not set");
  add(configs, "set <type> <name> <key=value...>", async (brokers, _, [type, name, ...texts]) => {
    const changes = texts.map(parseConfig).map(([key, value]) => ({ name: key, operation: ConfigOperation.SET, value }));
    await alterResource(brokers, resourceOf(type, name), changes);
    terminal.out(`Set ${changes.map((change) => change.name).join(", ")}.\n`);
  }).description("set settings");
  add(configs, "unset <type> <name> <key...>", async (brokers, _, [type, name, ...keys]) => {
    const changes = keys.map((key) => ({ name: key, operation: ConfigOperation.DELETE, value: null }));
    await alterResource(brokers, resourceOf(type, name), changes);
    terminal.out(`${keys.join(", ")}: back to the default.\n`);
  }).description("go back to the default");
}

/** The name `default` of a broker stands for all brokers. */
function resourceOf(type = "", name = ""): Resource {
  const known = ownValue(TYPES, type);
  if (known === undefined) throw usageError(`${type} has no settings; there are ${Object.keys(TYPES).join(", ")}`);
  return { type: known, name: known === ResourceType.BROKER && name === "default" ? "" : name };
}

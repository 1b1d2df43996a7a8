// `kafka-features`: what the cluster's brokers can do, and raising or lowering the level that they use.

import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { changeFeatures, type FeatureChange, listFeatures, UpgradeType } from "../../client/admin/cluster.ts";
import { Refusal } from "../../client/refusal.ts";
import { cell } from "./columns.ts";
import { dependencyLines, levelsOf, METADATA_FEATURE, mappingLines, metadataLevel, versionName } from "./feature-levels.ts";
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaTrace, sentenceOf } from "./java-error.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const WORDS = {
  upgrade: { can: "can be upgraded", could: "Could not upgrade", cannot: "Can not upgrade", was: "was upgraded" },
  downgrade: { can: "can be downgraded", could: "Could not downgrade", cannot: "Can not downgrade", was: "was downgraded" },
  disable: { can: "can be disabled", could: "Could not disable", cannot: "Can not disable", was: "was disabled" },
} as const;

export const kafkaFeatures: Tool = {
  purpose: "describe | upgrade | downgrade | disable | version-mapping | feature-dependencies: the features of the cluster.",
  commands: ["describe", "upgrade", "downgrade", "disable", "version-mapping", "feature-dependencies"],
  argumentError: (sentence) => `Command line error: ${sentence}. Type --help for help.`,
  flags: [
    BOOTSTRAP_SERVER,
    BOOTSTRAP_CONTROLLER,
    COMMAND_CONFIG,
    { name: "feature", value: "name=level", help: "the feature and its level; only the name with disable; repeatable" },
    { name: "metadata", value: "version", help: "the level of metadata.version, as 4.3 or 4.3-IV0" },
    { name: "release-version", value: "version", help: "all features at the levels that belong to this release" },
    { name: "unsafe", help: "lower it even where that may lose metadata" },
    { name: "dry-run", help: "only ask whether it can be done" },
  ],
  run: async (flags, io, [command = "", ...words]) => {
    const refused = (sentence: string) => new FlagError(kafkaFeatures.argumentError?.(sentence) ?? sentence, { isTerse: true });
    if (words.length > 0) throw refused(`unrecognized arguments: '${words.join(" ")}'`);
    if (flags.has("bootstrap-server") && flags.has("bootstrap-controller"))
      throw refused("argument --bootstrap-controller: not allowed with argument --bootstrap-server");
    if (command === "version-mapping") return printAll(io, mappingLines(flags.get("release-version")));
    if (command === "feature-dependencies") {
      if (!flags.has("feature")) throw refused("argument --feature is required");
      for (const text of flags.all("feature")) printAll(io, dependencyLines(...parseFeature(text)));
      return 0;
    }
    if (flags.countOf(["bootstrap-server", "bootstrap-controller"]) === 0)
      throw refused("You must specify either --bootstrap-controller or --bootstrap-server.");
    if (command === "describe") return describe(flags, io);
    if (flags.has("metadata")) io.out(" `metadata` flag is deprecated and may be removed in a future release.");
    const changes = changesOf(flags, command);
    if (changes.length === 0) throw new FlagError(`You must specify at least one feature to ${command}`, { isTerse: true });
    return change(flags, changes, {
      words: WORDS[command === "upgrade" || command === "downgrade" ? command : "disable"],
      isDisabling: command === "disable",
      io,
    });
  },
  failed: (error, io) => {
    io.error(javaTrace(error));
    return 1;
  },
};

async function describe(flags: Flags, io: Io): Promise<number> {
  return withBrokers(flags, async (brokers) => {
    const { features, epoch } = await listFeatures(brokers);
    for (const { name, min, max, finalized } of features) {
      const level = (number: number) => cell(name === METADATA_FEATURE ? versionName(number) : `${number}`, 15);
      io.out(
        `Feature: ${cell(name, 42)}SupportedMinVersion: ${level(min)}  SupportedMaxVersion: ${level(max)}  FinalizedVersionLevel: ${level(finalized)}  Epoch: ${epoch}`,
      );
    }
    return 0;
  });
}

function changesOf(flags: Flags, command: string): FeatureChange[] {
  const type =
    command === "upgrade" ? UpgradeType.UPGRADE : flags.has("unsafe") ? UpgradeType.UNSAFE_DOWNGRADE : UpgradeType.SAFE_DOWNGRADE;
  const release = flags.get("release-version");
  if (release !== undefined) {
    if (flags.countOf(["metadata", "feature"]) > 0)
      throw new FlagError("Can not specify `release-version` with other feature flags.", { isTerse: true });
    return levelsOf(release).map(([name, level]) => ({ name, level, type }));
  }
  const metadata = flags.get("metadata");
  const changes = metadata === undefined ? [] : [{ name: METADATA_FEATURE, level: metadataLevel(metadata), type }];
  for (const text of flags.all("feature")) {
    const [name, level] = command === "disable" ? ([text, 0] as const) : parseFeature(text);
    if (changes.some((one) => one.name === name)) throw new FlagError(`Feature ${name} was specified more than once.`, { isTerse: true });
    changes.push({ name, level, type });
  }
  return changes;
}

export function parseFeature(text: string): [name: string, level: number] {
  const at = text.indexOf("=");
  if (at < 0) throw new FlagError(`Can't parse feature=level string ${text}: equals sign not found.`, { isTerse: true });
  const level = text.slice(at + 1).trim();
  if (!/^\d+$/.test(level))
    throw new FlagError(`Can't parse feature=level string ${text}: unable to parse ${level} as a short.`, { isTerse: true });
  return [text.slice(0, at).trim(), Number(level)];
}

function printAll(io: Io, lines: readonly string[]): number {
  for (const line of lines) io.out(line);
  return 0;
}

interface ChangeReport {
  readonly words: (typeof WORDS)[keyof typeof WORDS];
  readonly isDisabling: boolean;
  readonly io: Io;
}

async function change(flags: Flags, changes: readonly FeatureChange[], { words, isDisabling, io }: ChangeReport): Promise<number> {
  const isDryRun = flags.has("dry-run");
  const sorted = changes.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const to = (level: number) => (isDisabling ? "" : ` to ${level}`);
  return withBrokers(flags, async (brokers) => {
    try {
      // Which of them the broker complains about is the first that it finds wrong.
      const asSent = inMapOrder(changes, ({ name }) => stringHash(name));
      await changeFeatures(brokers, asSent, { isDryRun });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      for (const { name, level } of sorted) io.out(`${isDryRun ? words.cannot : words.could} ${name}${to(level)}. ${sentenceOf(error)}`);
      io.error(`${changes.length} out of ${changes.length} operation(s) failed.`);
      return 1;
    }
    for (const { name, level } of sorted) io.out(`${name} ${isDryRun ? words.can : words.was}${to(level)}.`);
    return 0;
  });
}

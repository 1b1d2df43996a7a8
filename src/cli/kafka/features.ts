// `kafka-features`: what the cluster's brokers can do, and raising or lowering the level that they use.

import { changeFeatures, type FeatureChange, listFeatures, UpgradeType } from "../admin/cluster.ts";
import { Refusal } from "../refusal.ts";
import { cell } from "./columns.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine, sentenceOf } from "./java-error.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

/** By level, from 7 on. */
const METADATA_VERSIONS = [
  "3.3-IV3",
  "3.4-IV0",
  "3.5-IV0",
  "3.5-IV1",
  "3.5-IV2",
  "3.6-IV0",
  "3.6-IV1",
  "3.6-IV2",
  "3.7-IV0",
  "3.7-IV1",
  "3.7-IV2",
  "3.7-IV3",
  "3.7-IV4",
  "3.8-IV0",
  "3.9-IV0",
  "4.0-IV0",
  "4.0-IV1",
  "4.0-IV2",
  "4.0-IV3",
  "4.1-IV0",
  "4.1-IV1",
  "4.2-IV0",
  "4.2-IV1",
  "4.3-IV0",
  "4.4-IV0",
] as const;
const FIRST_LEVEL = 7;
const METADATA_FEATURE = "metadata.version";
const WORDS = {
  upgrade: { can: "can be upgraded", could: "Could not upgrade", cannot: "Can not upgrade", was: "was upgraded" },
  downgrade: { can: "can be downgraded", could: "Could not downgrade", cannot: "Can not downgrade", was: "was downgraded" },
  disable: { can: "can be disabled", could: "Could not disable", cannot: "Can not disable", was: "was disabled" },
} as const;

export const kafkaFeatures: Tool = {
  purpose: "describe | upgrade | downgrade | disable: the features of the cluster.",
  commands: ["describe", "upgrade", "downgrade", "disable"],
  flags: [
    BOOTSTRAP_SERVER,
    { name: "bootstrap-controller", value: "host:port", help: "", isRefused: true },
    COMMAND_CONFIG,
    { name: "feature", value: "name=level", help: "the feature and its level; only the name with disable; repeatable" },
    { name: "metadata", value: "version", help: "the level of metadata.version, as 4.3 or 4.3-IV0" },
    { name: "release-version", value: "version", help: "", isRefused: true },
    { name: "unsafe", help: "lower it even where that may lose metadata" },
    { name: "dry-run", help: "only ask whether it can be done" },
  ],
  run: async (flags, io, [command = ""]) => {
    if (!flags.has("bootstrap-server"))
      throw new FlagError(
        "Command line error: You must specify either --bootstrap-controller or --bootstrap-server.. Type --help for help.",
        { isTerse: true },
      );
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
    io.error(javaLine(error));
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

function versionName(level: number): string {
  return METADATA_VERSIONS[level - FIRST_LEVEL] ?? `UNKNOWN [${level}]`;
}

function changesOf(flags: Flags, command: string): FeatureChange[] {
  const type =
    command === "upgrade" ? UpgradeType.UPGRADE : flags.has("unsafe") ? UpgradeType.UNSAFE_DOWNGRADE : UpgradeType.SAFE_DOWNGRADE;
  const metadata = flags.get("metadata");
  const changes = metadata === undefined ? [] : [{ name: METADATA_FEATURE, level: metadataLevel(metadata), type }];
  for (const text of flags.all("feature")) {
    const at = text.indexOf("=");
    if (command === "disable") changes.push({ name: text, level: 0, type });
    else {
      if (at < 0) throw new FlagError(`Can't parse feature=level string ${text}: equals sign not found.`, { isTerse: true });
      const level = text.slice(at + 1).trim();
      if (!/^\d+$/.test(level))
        throw new FlagError(`Can't parse feature=level string ${text}: unable to parse ${level} as a short.`, { isTerse: true });
      changes.push({ name: text.slice(0, at).trim(), level: Number(level), type });
    }
  }
  return changes;
}

/** A release means its last version. */
function metadataLevel(text: string): number {
  const at = METADATA_VERSIONS.findLastIndex((name) => name === text || name.startsWith(`${text}-IV`));
  if (at >= 0) return at + FIRST_LEVEL;
  throw new FlagError(`Unknown metadata.version '${text}'. Supported metadata.version are: ${METADATA_VERSIONS.join(", ")}`, {
    isTerse: true,
  });
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
      await changeFeatures(brokers, changes, { isDryRun });
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

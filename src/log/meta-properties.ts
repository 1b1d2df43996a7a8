// `meta.properties` at the top of a data folder, as Kafka writes it: which cluster and broker the folder belongs to.

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { StorageError } from "../storage/storage-error.ts";

export interface MetaProperties {
  readonly clusterId: string;
  readonly directoryId: string;
}

const FILE = "meta.properties";
const VERSION = 1;

export interface MetaPropertiesOptions {
  readonly filesystem: Filesystem;
  readonly directory: string;
  readonly brokerId: number;
  /** Replaces the one that is stored. */
  readonly clusterId: string | undefined;
  readonly random: Random;
  readonly logger: Logger;
}

/** Reads the file and brings it up to date, or makes it. Throws StorageError and Node's errors. */
export function openMetaProperties(options: MetaPropertiesOptions): MetaProperties {
  const { filesystem, directory, brokerId, random, logger } = options;
  const path = `${directory}/${FILE}`;
  const stored =
    filesystem.stat(path) === undefined ? new Map<string, string>() : parseProperties(filesystem.readFile(path).toString("utf8"));
  const version = Number(stored.get("version") ?? VERSION);
  if (version > VERSION) {
    throw new StorageError("DIRECTORY_TOO_NEW", "The data folder was written by a newer version", {
      directory,
      version,
      readableVersion: VERSION,
    });
  }
  const clusterId = options.clusterId ?? stored.get("cluster.id") ?? random.uuid();
  const directoryId = stored.get("directory.id") ?? random.uuid();
  for (const [name, value] of [
    ["cluster.id", clusterId],
    ["node.id", String(brokerId)],
  ] as const) {
    const before = stored.get(name);
    if (before !== undefined && before !== value)
      logger.warn({ directory, name, before, now: value }, "the data folder belonged to another");
  }
  const content = `#\nversion=${VERSION}\ncluster.id=${clusterId}\nnode.id=${brokerId}\ndirectory.id=${directoryId}\n`;
  if (stored.size === 0 || filesystem.readFile(path).toString("utf8") !== content) filesystem.replaceFile(path, content);
  return { clusterId, directoryId };
}

function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\s*([^#!=:\s]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) properties.set(match[1], match[2]);
  }
  return properties;
}

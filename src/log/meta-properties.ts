// `meta.properties` at the top of a data folder, as Kafka writes it: which cluster and broker the folder belongs to. One that does not read
// as such is an error: a new cluster id would make another cluster of the data.

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { StorageError } from "../storage/storage-error.ts";

export interface MetaProperties {
  readonly clusterId: string;
  readonly directoryId: string;
}

interface StoredProperties {
  readonly clusterId: string;
  readonly nodeId: string | undefined;
  readonly directoryId: string | undefined;
}

const FILE = "meta.properties";
const VERSION = 1;

export interface MetaPropertiesOptions {
  readonly filesystem: Filesystem;
  readonly directory: string;
  readonly brokerId: number;
  /** Replaces the one that is stored. */
  readonly clusterId: string | undefined;
  /** There are records in the folder, so there was such a file. */
  readonly hasData: boolean;
  readonly random: Random;
  readonly logger: Logger;
}

/** Reads the file and brings it up to date, or makes it. Throws StorageError and Node's errors. */
export function openMetaProperties(options: MetaPropertiesOptions): MetaProperties {
  const { filesystem, directory, brokerId, random, logger } = options;
  const path = `${directory}/${FILE}`;
  const stored = readMetaProperties(filesystem, directory);
  const clusterId = options.clusterId ?? stored?.clusterId ?? random.uuid();
  const directoryId = stored?.directoryId ?? random.uuid();
  if (stored === undefined && options.hasData)
    logger.warn({ path, clusterId }, "meta.properties was missing beside data, and was made anew");
  if (stored !== undefined && stored.nodeId === undefined)
    logger.warn({ path, nodeId: brokerId }, "meta.properties named no node.id, which was written anew");
  for (const [name, before, now] of [
    ["cluster.id", stored?.clusterId, clusterId],
    ["node.id", stored?.nodeId, String(brokerId)],
  ] as const) {
    if (before !== undefined && before !== now) logger.warn({ path, name, before, now }, "the data folder belonged to another");
  }
  const content = `#\nversion=${VERSION}\ncluster.id=${clusterId}\nnode.id=${brokerId}\ndirectory.id=${directoryId}\n`;
  if (stored === undefined || filesystem.readFile(path).toString("utf8") !== content) filesystem.replaceFile(path, content);
  return { clusterId, directoryId };
}

/** The broker that the folder belongs to; `undefined` when nothing says so. Throws StorageError. */
export function storedBrokerId(filesystem: Filesystem, directory: string): number | undefined {
  const nodeId = readMetaProperties(filesystem, directory)?.nodeId;
  return nodeId === undefined ? undefined : Number(nodeId);
}

/** `undefined` when there is no such file. */
function readMetaProperties(filesystem: Filesystem, directory: string): StoredProperties | undefined {
  const path = `${directory}/${FILE}`;
  if (filesystem.stat(path) === undefined) return undefined;
  const properties = parseProperties(filesystem.readFile(path).toString("utf8"));
  if (properties === undefined) throw corrupt(path, "a line is no property");
  const version = Number(properties.get("version") ?? VERSION);
  if (Number.isNaN(version)) throw corrupt(path, "its version is no number");
  if (version > VERSION) {
    throw new StorageError("DIRECTORY_TOO_NEW", "The data folder was written by a newer version", {
      directory,
      version,
      readableVersion: VERSION,
    });
  }
  const clusterId = properties.get("cluster.id");
  if (clusterId === undefined || !/^[\x21-\x7e]+$/.test(clusterId)) throw corrupt(path, "it names no cluster.id");
  const nodeId = properties.get("node.id") ?? properties.get("broker.id");
  if (nodeId !== undefined && !/^\d{1,10}$/.test(nodeId)) throw corrupt(path, "its node.id is no number");
  return { clusterId, nodeId, directoryId: properties.get("directory.id") };
}

function corrupt(path: string, what: string): StorageError {
  return new StorageError("PROPERTIES_CORRUPT", `The file ${path} is damaged: ${what}`, { path });
}

/** `undefined` when a line is neither a property nor a comment. */
function parseProperties(text: string): Map<string, string> | undefined {
  const properties = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (/^\s*([#!].*)?$/.test(line)) continue;
    const [, name, value] = /^\s*([^#!=:\s]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    properties.set(name, value);
  }
  return properties;
}

// What one recovery makes of a data folder, a second one leaves as it is, to the byte: the logs are opened, nothing else happens, and the process
// is gone before it closes them.

import type { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import { spec } from "../log/support.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { FOLDER } from "./faulty-broker.ts";
import { checkFolder } from "./folder-check.ts";
import { SMALL_SEGMENTS } from "./life.ts";

export function checkRecoversTwice(files: MemoryFilesystem): void {
  const once = recover(files);
  checkFolder(once, FOLDER, false);
  const twice = recover(once);
  const [first, second] = [contentOf(once, FOLDER), contentOf(twice, FOLDER)];
  for (const path of new Set([...first.keys(), ...second.keys()])) {
    const [one, other] = [first.get(path), second.get(path)];
    if (one?.equals(other ?? Buffer.from("missing")) !== true)
      throw new Error(`a second recovery changes ${path}, from ${one?.length ?? "no"} to ${other?.length ?? "no"} bytes`);
  }
}

function recover(files: MemoryFilesystem): MemoryFilesystem {
  const disk = new FailingFilesystem(files, "crash", Number.POSITIVE_INFINITY);
  const engine = openSegmentedEngine({ filesystem: disk, directory: FOLDER, clock: new VirtualClock(), brokerId: 1 });
  const { settings } = spec(SMALL_SEGMENTS);
  for (const { topic, partition, topicId } of engine.list())
    engine.open({ topic, partition, topicId: topicId ?? "AAAAAAAAAAAAAAAAAAAAAA", settings });
  return disk.afterwards();
}

function contentOf(files: MemoryFilesystem, path: string, found = new Map<string, Buffer>()): Map<string, Buffer> {
  for (const name of files.list(path)) {
    const child = `${path}/${name}`;
    if (files.stat(child)?.isDirectory === true) contentOf(files, child, found);
    else if (name !== ".lock") found.set(child, files.readFile(child));
  }
  return found;
}

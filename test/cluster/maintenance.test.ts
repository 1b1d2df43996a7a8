// Upkeep on a full disk: what frees room is done whatever else fails for the want of it.

import { expect, test } from "vitest";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import type { Filesystem } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode } from "../../src/node.ts";

const SEGMENTS = 8;
const OLD_MS = 10_000;

/** Has no room for a new file while there are more segments than that. */
function fullDisk(disk: MemoryFilesystem, mostSegments: () => number): Filesystem {
  const segments = () => disk.list("/data").flatMap((name) => segmentsIn(disk, name)).length;
  return new Proxy<Filesystem>(disk, {
    get(target, name) {
      if (name === "open") {
        return (path: string, mode: "read" | "write") => {
          const isNew = mode === "write" && disk.stat(path) === undefined;
          if (isNew && segments() > mostSegments()) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
          return disk.open(path, mode);
        };
      }
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function segmentsIn(disk: MemoryFilesystem, folder: string): string[] {
  const isFolder = disk.stat(`/data/${folder}`)?.isDirectory === true;
  return isFolder ? disk.list(`/data/${folder}`).filter((name) => name.endsWith(".log")) : [];
}

test("a topic that must have a new segment before it can expire keeps no other from giving its room, and follows then", async () => {
  const clock = new VirtualClock();
  const disk = new MemoryFilesystem(clock);
  let mostSegments = Number.POSITIVE_INFINITY;
  const configs = { "retention.ms": String(OLD_MS), "internal.segment.bytes": "150", "file.delete.delay.ms": "0" };
  const node = await openNode({
    config: brokerConfig({ argument: { "log.initial.task.delay.ms": 1000, "log.retention.check.interval.ms": 1000 } }),
    host: "127.0.0.1",
    port: 0,
    data: "/data",
    topics: ["first", "other"].map((name) => ({ name, partitions: 1, configs })),
    clock,
    filesystem: fullDisk(disk, () => mostSegments),
  });
  const log = (topic: string) => node.broker.services.partitions.get(topic, 0);
  const append = (topic: string) => {
    const { bytes } = buildBatch([{ key: null, value: Buffer.alloc(60) }], { timestamp: clock.now() });
    expect(log(topic)?.append(bytes, "client").ok).toBe(true);
  };
  append("first");
  for (let count = 0; count < SEGMENTS; count++) append("other");
  mostSegments = 3;
  await clock.advance(OLD_MS + 5000);
  expect(segmentsIn(disk, "other-0")).toHaveLength(1);
  expect(log("other")?.logStartOffset).toBe(SEGMENTS);
  expect(log("first")?.logStartOffset).toBe(1);
  await node.stop();
});

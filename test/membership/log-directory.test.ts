// What tools hear of where the records of a cluster of machines are.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { LOCATION, type Machine, Machines } from "./bench.ts";

const BROKER = 4;

async function ask(machine: Machine) {
  const client = await RawClient.connect(machine.node.broker.port);
  const directories = await client.call(messages.describeLogDirs, 4, { topics: null });
  const moved = await client.call(messages.alterReplicaLogDirs, 2, {
    dirs: [{ path: LOCATION, topics: [{ name: "t", partitions: [0] }] }],
  });
  const resources = [{ resourceType: BROKER, resourceName: `${machine.id}`, configurationKeys: ["log.dirs"] }];
  const settings = await client.call(messages.describeConfigs, 4, { resources, includeSynonyms: false, includeDocumentation: false });
  client.close();
  return {
    directories: directories?.results,
    moved: moved?.results[0]?.partitions[0]?.errorCode,
    setting: settings?.results[0]?.configs[0]?.value,
  };
}

test("a broker's log directory is its place in the object store, with the bytes of what it leads", async () => {
  await using machines = new Machines();
  const only = await machines.start({ topics: [{ name: "t", partitions: 2 }] });
  expect(await machines.until(only.produce("t", 1, "some bytes"))).toBe(Errors.NONE);
  const { directories, moved, setting } = await ask(only);
  expect(directories).toMatchObject([
    {
      ...{ errorCode: Errors.NONE, logDir: LOCATION, totalBytes: -1, usableBytes: -1 },
      topics: [{ name: "t", partitions: [{ partitionIndex: 0, partitionSize: 0 }, { partitionIndex: 1 }] }],
    },
  ]);
  expect(directories?.[0]?.topics[0]?.partitions[1]?.partitionSize).toBeGreaterThan(60);
  expect(moved).toBe(Errors.NONE);
  expect(setting).toBe(LOCATION);
});

// Data folders after damage to their metadata: nothing is deleted for what is not found, and everything can be had back.

import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Logger, silentLogger } from "../../src/base/logger.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { openNode } from "../../src/node.ts";
import { FakeTerminal } from "../cli/fake-terminal.ts";
import { Crashed, FailingFilesystem } from "../support/failing-filesystem.ts";

let folder: string;
let data: string;
let journal: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odradek-strays-"));
  data = join(folder, "data");
  journal = join(data, "metadata.journal");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = (logger: Logger = silentLogger) => startBroker({ data, host: "127.0.0.1", logger });

async function withBroker<Result>(work: (broker: RunningBroker) => Promise<Result>, logger?: Logger): Promise<Result> {
  const broker = await start(logger);
  try {
    return await work(broker);
  } finally {
    await broker.stop();
  }
}

async function odradek(...argv: string[]) {
  const terminal = new FakeTerminal();
  const exitCode = await runToolCommand([...argv, "--data", data], { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

const foldersOf = (topic: string) => readdirSync(data).filter((name) => name.startsWith(`${topic}-`));
const valuesOf = async (broker: RunningBroker, topic: string) => (await broker.topics.read(topic)).map(({ value }) => value).sort();

/** Two topics, of which payments was made last. */
async function fill(): Promise<string> {
  return withBroker(async (broker) => {
    await broker.topics.create({ name: "orders", partitions: 2, configs: { "retention.ms": "60000000" } });
    await broker.topics.create({ name: "payments", partitions: 2 });
    for (const topic of ["orders", "payments"]) await broker.produce(topic, ["1", "2", "3"]);
    return `${broker.topics.get("payments")?.id}`;
  });
}

/** As a version that did not count, or a crash, leaves it: without the last unit, and without a word of it. */
function loseLastUnit(): void {
  const lines = readFileSync(journal, "utf8").split("\n");
  writeFileSync(journal, `${lines.slice(0, -2).join("\n")}\n`);
  rmSync(`${journal}.version`);
}

describe("after a stop in order", () => {
  test.each<[string, () => void]>([
    ["the last line is damaged", () => writeFileSync(journal, flipped(readFileSync(journal), -30))],
    ["the last line is cut off", () => truncateSync(journal, statSync(journal).size - 10)],
    ["the last line is gone", () => writeFileSync(journal, `${readFileSync(journal, "utf8").split("\n").slice(0, -2).join("\n")}\n`)],
    ["a line in the middle is damaged", () => writeFileSync(journal, flipped(readFileSync(journal), 80))],
    ["the first line is damaged", () => writeFileSync(journal, flipped(readFileSync(journal), 20))],
    ["the journal is empty", () => writeFileSync(journal, "")],
    ["the journal is gone", () => rmSync(journal)],
  ])("%s: the broker does not start, and after a repair every record is there", async (_, damage) => {
    await fill();
    damage();
    const damaged = existsSync(journal) ? readFileSync(journal) : undefined;
    await expect(start()).rejects.toMatchObject({ code: "METADATA_CORRUPT", message: expect.stringContaining(journal) });
    expect([foldersOf("orders"), foldersOf("payments")]).toEqual([
      ["orders-0", "orders-1"],
      ["payments-0", "payments-1"],
    ]);
    const { exitCode, out } = await odradek("repair");
    expect(exitCode, out).toBe(0);
    expect(out).toContain("The metadata journal was made anew");
    const kept = readdirSync(data).filter((name) => /^metadata\.journal\.[0-9a-f]{32}-damaged$/.test(name));
    expect(kept.map((name) => readFileSync(join(data, name)))).toEqual(damaged === undefined ? [] : [damaged]);
    await withBroker(async (broker) => {
      for (const topic of ["orders", "payments"]) {
        expect(broker.topics.get(topic)?.partitions).toHaveLength(2);
        expect(await valuesOf(broker, topic)).toEqual(["1", "2", "3"]);
        await broker.produce(topic, ["4"]);
        expect(await valuesOf(broker, topic)).toEqual(["1", "2", "3", "4"]);
      }
    });
    expect(readdirSync(data).filter((name) => /-(stray|delete)$/.test(name))).toEqual([]);
    expect((await odradek("repair")).out).toContain("nothing was changed");
  });
});

describe("a topic that the journal does not know", () => {
  test("is set aside as strays, named in the log, and adopted with its id, epochs and records", async () => {
    const id = await fill();
    loseLastUnit();
    const warnings: { facts: object; message: string }[] = [];
    const logger: Logger = { ...silentLogger, child: () => logger, warn: (facts, message) => void warnings.push({ facts, message }) };
    await withBroker(async (broker) => expect(broker.topics.list()).toEqual(["orders"]), logger);
    const strays = foldersOf("payments");
    expect(strays).toEqual([
      expect.stringMatching(/^payments-0\.[0-9a-f]{32}-stray$/),
      expect.stringMatching(/^payments-1\.[0-9a-f]{32}-stray$/),
    ]);
    expect(warnings).toContainEqual({ facts: { strays }, message: expect.stringContaining("odradek strays") });
    // Another start leaves them as they are.
    await withBroker(async () => undefined);
    expect(foldersOf("payments")).toEqual(strays);
    const { out } = await odradek("strays", "list", "--json");
    expect(JSON.parse(out)).toMatchObject([0, 1].map((partition) => ({ topic: "payments", partition, id, folder: strays[partition] })));
    expect((await odradek("strays", "adopt", "payments")).out).toContain(`Adopted 2 partitions of payments, with the id ${id}.`);
    expect((await odradek("strays", "list")).err).toContain("There are no strays");
    await withBroker(async (broker) => {
      expect(broker.topics.get("payments")).toMatchObject({ id, configs: { "retention.ms": "-1" } });
      expect(await valuesOf(broker, "payments")).toEqual(["1", "2", "3"]);
    });
  });

  test("is not adopted over one that was made meanwhile, nor by halves; strays are deleted when told to", async () => {
    await fill();
    loseLastUnit();
    await withBroker((broker) => broker.topics.create("payments"));
    const taken = await odradek("strays", "adopt", "payments");
    expect(taken).toMatchObject({ exitCode: 1, err: expect.stringContaining("another topic of this name") });
    await withBroker((broker) => broker.topics.delete("payments"));
    const [first = ""] = foldersOf("payments").filter((name) => /^payments-0.*-stray$/.test(name));
    renameSync(join(data, first), join(folder, first));
    const half = await odradek("strays", "adopt", "payments");
    expect(half).toMatchObject({ exitCode: 1, err: expect.stringContaining("partition 0 of it is missing") });
    expect((await odradek("strays", "adopt", "--fill", "payments")).exitCode).toBe(0);
    await withBroker(async (broker) => expect(broker.topics.get("payments")?.partitions).toHaveLength(2));
    renameSync(join(folder, first), join(data, first));
    expect(await odradek("strays", "delete", "nothing")).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining("nothing is no stray; there are payments"),
    });
    expect((await odradek("strays", "delete", "payments")).exitCode).toBe(0);
    expect(readdirSync(data).filter((name) => name.endsWith("-stray"))).toEqual([]);
  });

  test("leaves a folder alone that another broker uses, and says when there is none", async () => {
    await withBroker(async () => {
      expect(await odradek("strays", "list")).toMatchObject({ exitCode: 1, err: expect.stringContaining("in use by another broker") });
    });
    rmSync(data, { recursive: true });
    expect(await odradek("repair")).toMatchObject({ exitCode: 1, err: expect.stringContaining("There is no data folder") });
    expect(existsSync(data)).toBe(false);
  });
});

test("a deletion that a crash cut short is finished by the next start, and leaves no strays", async () => {
  await fill();
  cpSync(join(data, "payments-1"), join(folder, "payments-1"), { recursive: true });
  await withBroker((broker) => broker.topics.delete("payments"));
  renameSync(join(folder, "payments-1"), join(data, "payments-1"));
  await withBroker(async (broker) => expect(broker.topics.list()).toEqual(["orders"]));
  expect(foldersOf("payments").filter((name) => !name.endsWith("-delete"))).toEqual([]);
});

test("a new producer's records are not taken for those of one from before a repair", async () => {
  await withBroker(async (broker) => {
    await broker.topics.create("orders");
    await broker.produce("orders", ["1"]);
    for (let count = 0; count < 3; count++) await broker.topics.create(`t${count}`);
  });
  rmSync(journal);
  expect((await odradek("repair")).exitCode).toBe(0);
  const unit = readFileSync(journal, "utf8");
  expect(Number(/"type":"producerIds","next":(\d+)/.exec(unit)?.[1])).toBeGreaterThanOrEqual(1_000_000);
});

test("a topic that was answered as created survives a power cut at any operation of the disk", { timeout: 60_000 }, async () => {
  const place = { config: brokerConfig({ argument: {} }), host: "127.0.0.1", port: 0, data: "/var/lib/data", topics: [] };
  for (let failAt = 1; ; failAt++) {
    const filesystem = new FailingFilesystem(new MemoryFilesystem(), "power", failAt);
    const answered: string[] = [];
    const node = await openNode({ ...place, filesystem }).catch(() => undefined);
    try {
      for (const name of ["a", "b"]) {
        await node?.broker.ensureTopics([{ name, partitions: 2 }]);
        if (node !== undefined && !filesystem.hasCrashed) answered.push(name);
      }
    } catch (error) {
      if (!filesystem.hasCrashed && !(error instanceof Crashed)) throw error;
    }
    const wasReached = filesystem.hasCrashed;
    const left = filesystem.afterwards();
    await node?.stop().catch(() => undefined);
    const again = await openNode({ ...place, filesystem: left });
    expect([...again.cluster.image.topicsByName.keys()], `power cut at operation ${failAt}`).toEqual(expect.arrayContaining(answered));
    expect(left.list("/var/lib/data").filter((name) => name.endsWith("-stray"))).toEqual([]);
    await again.stop();
    if (!wasReached) break;
  }
});

function flipped(content: Buffer, at: number): Buffer {
  const copy = Buffer.from(content);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

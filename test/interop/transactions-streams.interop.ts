// A Kafka Streams application that counts words exactly once, for a minute, while the broker is killed and started again. What it counts
// must be what its input demands.   STREAMS_SECONDS=20 for a shorter run.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hasKafkaReference, KAFKA_REFERENCE, startBroker } from "./broker-under-test.ts";
import { port } from "./port.ts";
import { run, runOrThrow } from "./processes.ts";

const SECONDS = Number(process.env["STREAMS_SECONDS"] ?? 60);
const PORT = port(19592);
const PROGRAM = join(import.meta.dirname, "transactions/StreamsTour.java");

it("Kafka Streams counts every word exactly once while the broker is killed", { timeout: 300_000 }, async (context) => {
  if (!hasKafkaReference()) return context.skip("there is no Kafka reference to take the client from");
  const dataFolder = mkdtempSync(join(tmpdir(), "odradek-streams-"));
  let broker = await startBroker("odradek", { port: PORT, dataFolder });
  let kills = 0;
  let isOver = false;
  const killing = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1000) / 6));
      if (isOver || kills >= 4) continue;
      kills++;
      await broker.kill();
      broker = await startBroker("odradek", { port: PORT, dataFolder });
    }
  })();
  try {
    const classPath = (await runOrThrow(KAFKA_REFERENCE, ["classpath"])).trim();
    const program = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", classPath, PROGRAM, `127.0.0.1:${PORT}`, `${SECONDS}`];
    const { stdout, stderr } = await run("java", program, { deadlineMs: (SECONDS + 150) * 1000 });
    const last = stdout.split("\n").findLast((line) => line.startsWith("{"));
    if (last === undefined) throw new Error(`the application did not come to its end: ${stdout.slice(-2000)}${stderr.slice(-3000)}`);
    const { wrong, lines } = JSON.parse(last) as { wrong: string[]; lines: number };
    expect(wrong).toEqual([]);
    expect(lines).toBeGreaterThan(SECONDS * 10);
    expect(kills).toBeGreaterThanOrEqual(3);
  } finally {
    isOver = true;
    await killing;
    await broker.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
});

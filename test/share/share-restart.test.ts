// What a broker that stops leaves of share groups to the one that comes after it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startBroker } from "../../src/index.ts";
import { ShareStage } from "../share-answers/share-stage.ts";

test("what a member holds when its broker stops is delivered again as if it had not been", async () => {
  const data = mkdtempSync(join(tmpdir(), "odradek-share-"));
  try {
    const first = await startBroker({ like: "kafka", data });
    const stage = await ShareStage.open(first.port, "restart-");
    await stage.begin();
    await stage.produce([10]);
    await (await stage.member("one")).fetch();
    await first.stop();
    await using _second = await startBroker({ like: "kafka", data, port: first.port });
    await (await stage.member("two")).fetch();
    stage.close();
    expect(stage.lines.map((line) => line.replace(/^.* → /, ""))).toEqual(["0: [0-9 x1] of 0-9", "0: [0-9 x1] of 0-9"]);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

// A broker that is killed a hundred times in a row under load. Kafka has no part in this: by default it does not promise as much.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = join(import.meta.dirname, "../../scripts/kill-under-load.ts");

test.skipIf(process.env["INTEROP_ONLY"] === "kafka")(
  "what a broker acknowledged is there once, in order, after a hundred kills; commits and members are back",
  { timeout: 600_000 },
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, "--rounds", "100"], { timeout: 580_000 });
    expect(stdout).toContain("100 rounds passed");
  },
);

// A Node that is too old is refused with one sentence, by whatever of the package is imported first.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nodeFault } from "../../src/base/node-version.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

test("the versions that are refused are those that the package does not allow", () => {
  for (const version of ["18.20.8", "20.20.2", "22.9.0", "22.14.0"])
    expect(nodeFault(version)).toBe(`odradek: Node ${engines.node.replace(">=", "")} or newer is needed; this is Node ${version}.`);
  for (const version of ["22.15.0", "22.21.1", "24.0.0", "24.21.0", "100.0.0"]) expect(nodeFault(version)).toBeUndefined();
});

test("importing the library or what a framework imports ends with the sentence", async () => {
  const asOld = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
  const sentence = "Error: odradek: Node 22.15 or newer is needed; this is Node 20.20.2.";
  for (const entry of ["index", "frameworks/jest", "frameworks/node-test", "frameworks/vitest-global-setup"]) {
    const program = `import ${JSON.stringify(join(root, "src", `${entry}.ts`))};`;
    const ended = run(process.execPath, ["--import", `data:text/javascript,${asOld}`, "--input-type=module", "-e", program]);
    await expect(ended, entry).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
  }
});

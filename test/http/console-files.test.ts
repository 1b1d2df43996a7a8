// The console's files as they are served, whether or not they are built.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConsoleFiles } from "../../src/http/console-files.ts";

const folder = mkdtempSync(join(tmpdir(), "odradek-console-"));
const zipped = { acceptEncoding: "br, gzip" };

beforeAll(() => {
  for (const name of ["index.html", "main-abc.js", "sandbox-abc.js"]) writeFileSync(join(folder, `${name}.gz`), gzipSync(`of ${name}`));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the page may run the scripts of its origin and nothing else, and is asked for each time", async () => {
  const answer = await new ConsoleFiles([join(folder, "elsewhere"), folder]).page(zipped);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'; require-trusted-types-for 'script'");
  expect(policy).not.toContain("unsafe");
  expect(answer.headers.get("cache-control")).toBeNull();
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
});

test("its files are kept by browsers for good, and given as they take them", async () => {
  const files = new ConsoleFiles([folder]);
  const answer = await files.file("main-abc.js", zipped);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "cache-control": "private, max-age=31536000, immutable",
    "content-encoding": "gzip",
    "content-type": "text/javascript; charset=utf-8",
  });
  const plain = await files.file("main-abc.js", { acceptEncoding: "gzip;q=0, identity" });
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(await plain.text()).toBe("of main-abc.js");
});

test("the script that evaluates what users write reaches nothing", async () => {
  const answer = await new ConsoleFiles([folder]).file("sandbox-abc.js", zipped);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'unsafe-eval'");
});

test("names that it does not have are not looked for", async () => {
  const files = new ConsoleFiles([folder]);
  for (const name of ["../index.html", "main-abc.js.gz", "constructor", ""])
    await expect(files.file(name, zipped)).rejects.toMatchObject({ status: 404 });
});

test("where it is not built, a sentence says how to", async () => {
  const answer = await new ConsoleFiles([join(folder, "elsewhere")]).page(zipped);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain("npm run build");
});

// One contract, two filesystems: Node's on a temporary folder, and the in-memory one.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Filesystem } from "../../src/base/filesystem.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { nodeFilesystem } from "../../src/base/node-filesystem.ts";

const implementations: readonly { name: string; make: () => Filesystem }[] = [
  { name: "node", make: () => nodeFilesystem },
  { name: "memory", make: () => new MemoryFilesystem() },
];

describe.each(implementations)("the $name filesystem", ({ make }) => {
  let root = "";
  let filesystem: Filesystem;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "odradek-filesystem-"));
    filesystem = make();
    filesystem.makeDirectory(root);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test("a file gives back what was written, where it was written", () => {
    const file = filesystem.open(`${root}/a`, "write");
    file.write([Buffer.from("hello "), Buffer.from("world")], 0);
    file.write([Buffer.from("W")], 6);
    const target = Buffer.alloc(20);
    expect(file.read(target, 0)).toBe(11);
    expect(target.toString("utf8", 0, 11)).toBe("hello World");
    expect(file.read(target, 6)).toBe(5);
    expect(file.read(target, 11)).toBe(0);
    expect(file.read(target, 500)).toBe(0);
    expect(file.sizeBytes()).toBe(11);
    file.close();
    expect(filesystem.readFile(`${root}/a`).toString()).toBe("hello World");
  });

  test("a read off the event loop gives the same bytes", async () => {
    const file = filesystem.open(`${root}/a`, "write");
    file.write([Buffer.from("0123456789")], 0);
    const target = Buffer.alloc(4);
    expect(await file.readLater(target, 8)).toBe(2);
    expect(target.toString("utf8", 0, 2)).toBe("89");
    file.close();
  });

  test("more buffers than one system call takes are all written", () => {
    const file = filesystem.open(`${root}/a`, "write");
    const buffers = Array.from({ length: 2500 }, (_, index) => Buffer.from(`${index},`));
    file.write(buffers, 0);
    file.close();
    expect(filesystem.readFile(`${root}/a`).equals(Buffer.concat(buffers))).toBe(true);
  });

  test("bytes between the end and a write beyond it are zero, also where old bytes were cut off", () => {
    const file = filesystem.open(`${root}/a`, "write");
    file.write([Buffer.alloc(3000, 7)], 0);
    file.truncate(10);
    file.write([Buffer.from([1])], 2000);
    file.truncate(2500);
    file.close();
    const expected = Buffer.alloc(2500);
    expected.fill(7, 0, 10);
    expected[2000] = 1;
    expect(filesystem.readFile(`${root}/a`).equals(expected)).toBe(true);
  });

  test("random writes and cuts match a plain buffer", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("write" as const), at: fc.integer({ min: 0, max: 5_000 }), size: fc.integer({ min: 1, max: 3_000 }) }),
      fc.record({ kind: fc.constant("truncate" as const), at: fc.integer({ min: 0, max: 6_000 }), size: fc.constant(0) }),
    );
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const file = filesystem.open(`${root}/random-${run++}`, "write");
        let model = Buffer.alloc(0);
        for (const [index, { kind, at, size }] of steps.entries()) {
          const content = Buffer.alloc(size, index + 1);
          const next = Buffer.alloc(kind === "truncate" ? at : Math.max(model.length, at + size));
          model.copy(next);
          content.copy(next, at);
          model = next;
          if (kind === "truncate") file.truncate(at);
          else file.write([content], at);
        }
        const target = Buffer.alloc(model.length + 1);
        expect(file.read(target, 0)).toBe(model.length);
        expect(target.subarray(0, model.length).equals(model)).toBe(true);
        file.close();
      }),
      { numRuns: 60 },
    );
  });

  test("a folder is synced at once or off the event loop", async () => {
    filesystem.syncDirectory(root);
    await filesystem.syncDirectoryLater(root);
    await expect(filesystem.syncDirectoryLater(`${root}/missing`)).rejects.toThrow(expect.objectContaining({ code: "ENOENT" }));
  });

  test("what is missing has no stat and fails to open, read, list and rename with ENOENT", () => {
    const missing = `${root}/missing`;
    expect(filesystem.stat(missing)).toBeUndefined();
    for (const call of [
      () => filesystem.open(missing, "read"),
      () => filesystem.open(`${missing}/file`, "write"),
      () => filesystem.readFile(missing),
      () => filesystem.list(missing),
      () => filesystem.rename(missing, `${root}/other`),
      () => filesystem.replaceFile(`${missing}/file`, "x"),
      () => filesystem.syncDirectory(missing),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: "ENOENT" }));
    }
    filesystem.remove(missing);
  });

  test("a folder is not a file, and a file is not a folder", () => {
    filesystem.makeDirectory(`${root}/folder`);
    filesystem.replaceFile(`${root}/file`, "x");
    expect(() => filesystem.open(`${root}/folder`, "write")).toThrow(expect.objectContaining({ code: "EISDIR" }));
    expect(() => filesystem.readFile(`${root}/folder`)).toThrow(expect.objectContaining({ code: "EISDIR" }));
    expect(() => filesystem.list(`${root}/file`)).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
    expect(() => filesystem.makeDirectory(`${root}/file`)).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(() => filesystem.makeDirectory(`${root}/file/below`)).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
    expect(() => filesystem.open(`${root}/file/below`, "write")).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  });

  test("folders are made with those above them and list their names in order", () => {
    filesystem.makeDirectory(`${root}/a/b/c`);
    filesystem.makeDirectory(`${root}/a/b/c`);
    filesystem.replaceFile(`${root}/a/z`, "");
    filesystem.replaceFile(`${root}/a/m`, "12");
    expect(filesystem.list(`${root}/a`)).toEqual(["b", "m", "z"]);
    expect(filesystem.stat(`${root}/a/b`)).toMatchObject({ isDirectory: true });
    expect(filesystem.stat(`${root}/a/m`)).toMatchObject({ isDirectory: false, sizeBytes: 2 });
    filesystem.syncDirectory(`${root}/a`);
  });

  test("replacing a file changes its whole content and leaves nothing beside it", () => {
    filesystem.replaceFile(`${root}/a`, "first, and longer");
    filesystem.replaceFileUnsynced(`${root}/a`, Buffer.from("second"));
    expect(filesystem.readFile(`${root}/a`).toString()).toBe("second");
    expect(filesystem.list(root)).toEqual(["a"]);
  });

  test("a file renamed over another replaces it; a folder takes its content along", () => {
    filesystem.replaceFile(`${root}/a`, "a");
    filesystem.replaceFile(`${root}/b`, "b");
    filesystem.rename(`${root}/a`, `${root}/b`);
    expect(filesystem.list(root)).toEqual(["b"]);
    expect(filesystem.readFile(`${root}/b`).toString()).toBe("a");
    filesystem.makeDirectory(`${root}/from/below`);
    filesystem.replaceFile(`${root}/from/below/c`, "c");
    filesystem.rename(`${root}/from`, `${root}/to`);
    expect(filesystem.list(root)).toEqual(["b", "to"]);
    expect(filesystem.readFile(`${root}/to/below/c`).toString()).toBe("c");
  });

  test("an open file outlives its name", async () => {
    const file = filesystem.open(`${root}/a`, "write");
    file.write([Buffer.from("kept")], 0);
    filesystem.remove(`${root}/a`);
    const target = Buffer.alloc(4);
    expect(file.read(target, 0)).toBe(4);
    expect(target.toString()).toBe("kept");
    await file.sync();
    file.syncNow();
    file.close();
    expect(filesystem.list(root)).toEqual([]);
  });

  test("a closed file refuses to be used", () => {
    const file = filesystem.open(`${root}/a`, "write");
    file.close();
    expect(() => file.sizeBytes()).toThrow(expect.objectContaining({ code: "EBADF" }));
  });

  test("removing a folder removes what is in it", () => {
    filesystem.makeDirectory(`${root}/a/b`);
    filesystem.replaceFile(`${root}/a/b/c`, "c");
    filesystem.remove(`${root}/a`);
    expect(filesystem.list(root)).toEqual([]);
    expect(filesystem.stat(`${root}/a/b/c`)).toBeUndefined();
  });

  test("a lock is given to one at a time", () => {
    const unlock = filesystem.lock(`${root}/.lock`);
    expect(unlock).toBeTypeOf("function");
    expect(filesystem.lock(`${root}/.lock`)).toBeUndefined();
    unlock?.();
    const again = filesystem.lock(`${root}/.lock`);
    expect(again).toBeTypeOf("function");
    again?.();
  });
});

test("a lock file with some other program's text in it can be locked", () => {
  const root = mkdtempSync(join(tmpdir(), "odradek-filesystem-"));
  nodeFilesystem.replaceFile(`${root}/.lock`, "1234\n".repeat(1000));
  const unlock = nodeFilesystem.lock(`${root}/.lock`);
  expect(unlock).toBeTypeOf("function");
  expect(nodeFilesystem.lock(`${root}/.lock`)).toBeUndefined();
  unlock?.();
  rmSync(root, { recursive: true });
});

test("a lock holds against other processes, without anyone keeping it in hand, until its process ends, even by a kill", async () => {
  const root = mkdtempSync(join(tmpdir(), "odradek-filesystem-"));
  const path = `${root}/.lock`;
  const program = `
    const { nodeFilesystem } = await import(${JSON.stringify(import.meta.resolve("../../src/base/node-filesystem.ts"))});
    const answer = nodeFilesystem.lock(${JSON.stringify(path)}) === undefined ? "refused" : "locked";
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve)).then(() => globalThis.gc());
    process.stdout.write(answer);
    setInterval(() => undefined, 1000);`;
  const holder = spawn(process.execPath, ["--expose-gc", "--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await new Promise<string>((resolve) => holder.stdout.once("data", (data: Buffer) => resolve(data.toString())));
  expect(said).toBe("locked");
  expect(nodeFilesystem.lock(path)).toBeUndefined();
  const ended = new Promise((resolve) => holder.once("exit", resolve));
  holder.kill("SIGKILL");
  await ended;
  const unlock = nodeFilesystem.lock(path);
  expect(unlock).toBeTypeOf("function");
  unlock?.();
  rmSync(root, { recursive: true });
});

test("files in memory give their memory back when they are cut or deleted", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const filesystem = new MemoryFilesystem();
  const mebibyte = 1024 * 1024;
  const turns = async (most: number, isOver = () => false) => {
    // The collector frees buffers some turns later.
    for (let turn = 0; turn < most && !isOver(); turn++) await new Promise((resolve) => setImmediate(resolve)).then(() => collectGarbage());
  };
  // What other tests of the process left goes first.
  await turns(10);
  const before = process.memoryUsage().arrayBuffers;
  const fill = () => {
    const file = filesystem.open("/a", "write");
    const content = Buffer.alloc(mebibyte);
    for (let count = 0; count < 64; count++) file.write([content], count * mebibyte);
    return file;
  };
  const expectFreed = async () => {
    const isFreed = () => process.memoryUsage().arrayBuffers - before < 8 * mebibyte;
    await turns(100, isFreed);
    expect(isFreed()).toBe(true);
  };
  const file = fill();
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(60 * mebibyte);
  file.truncate(1000);
  await expectFreed();
  fill().close();
  filesystem.remove("/a");
  file.close();
  await expectFreed();
});

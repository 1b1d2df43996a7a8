// The client programs in Rust (rust/), built once into .cache/interop/cargo where there is cargo: that takes minutes, most of them for librdkafka.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./broker-under-test.ts";
import { madeOnce } from "./made-once.ts";
import { runOrThrow } from "./processes.ts";

const SOURCE = join(import.meta.dirname, "rust");
const TARGET = join(CACHE, "cargo");
const FILES = ["Cargo.toml", "Cargo.lock", "src/lines.rs", "src/rskafka.rs", "src/rust_rdkafka.rs"];
const BUILD_MS = 1_200_000;

export type RustProgram = "rskafka" | "rust-rdkafka";

const build = madeOnce(() =>
  runOrThrow("cargo", ["build", "--release", "--locked", "--quiet"], {
    cwd: SOURCE,
    env: { CARGO_TARGET_DIR: TARGET },
    deadlineMs: BUILD_MS,
  }),
);

export function isBuiltInRust(program: RustProgram): boolean {
  return existsSync(pathOf(program)) && FILES.every((file) => statSync(join(SOURCE, file)).mtimeMs < statSync(pathOf(program)).mtimeMs);
}

/** Its path. Rejects with what cargo says. */
export async function rustProgram(program: RustProgram): Promise<string> {
  if (!isBuiltInRust(program)) await build();
  return pathOf(program);
}

function pathOf(program: RustProgram): string {
  return join(TARGET, "release", program);
}

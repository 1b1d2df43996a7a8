// Builds the console into static files whose names have a hash of their content, and keeps each compressed and nothing else: a broker reads
// them when a browser asks (src/http/console-files.ts).

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

/** Rejects with an error whose message lists what does not compile. */
export async function buildConsole(source, output) {
  const { build } = await import("vite");
  const made = `${output}-${process.pid}`;
  const failed = (cause) => {
    rmSync(made, { recursive: true, force: true });
    throw new Error(`the console does not build: ${cause instanceof Error ? cause.message : cause}`, { cause });
  };
  await build({
    configFile: false,
    root: source,
    base: "/console/",
    logLevel: "error",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: made,
      emptyOutDir: true,
      assetsDir: "",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      target: "es2022",
    },
    worker: { format: "iife", rolldownOptions: { output: { entryFileNames: "sandbox-[hash].js" } } },
  }).catch(failed);
  for (const file of readdirSync(made)) {
    const path = join(made, file);
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION }));
    rmSync(path);
  }
  rmSync(output, { recursive: true, force: true });
  renameSync(made, output);
}

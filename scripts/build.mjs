// Builds what is run and published, into .dist: the command line (CommonJS, which starts some milliseconds sooner than a module; the
// administration apart from the broker, which does not load it), the library with its test frameworks (as modules that share their code,
// and as CommonJS), the console for browsers (console-build.mjs), and on request the types of the library. `isBuilt` tells whether that is up to date, by names, sizes and times of the sources.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole } from "./console-build.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outputFolder = join(root, ".dist");
const stampFile = join(root, ".cache", "built-sources");
const SOURCES = ["src", "protocol", "scripts/build.mjs", "scripts/console-build.mjs", "package.json", "package-lock.json", "tsconfig.json"];

const LIBRARY = "src/index.ts";
const MODULES = [LIBRARY, ...["vitest", "vitest-global-setup", "jest", "node-test"].map((name) => `src/frameworks/${name}.ts`)];
/** For vitest there is nothing but modules. */
const COMMON_JS = [LIBRARY, "src/frameworks/jest.ts", "src/frameworks/node-test.ts"];

/** What is beside the library loads it instead of containing it. */
const libraryBeside = {
  name: "library beside",
  setup: (build) => build.onResolve({ filter: /\/index\.ts$/ }, () => ({ path: "./index.cjs", external: true })),
};

/** Loaded by few, and only when it is needed: a file of its own each, which costs the others nothing. */
const SELDOM_NEEDED = [
  ...["jose", "pg", "re2js"].map((name) => ({ entry: name, imported: new RegExp(`^${name}$`), file: name })),
  ...["json-schema/ajv", "protobuf/descriptors"].map((path) => {
    const name = basename(path);
    return { entry: `src/registry/${path}.ts`, imported: new RegExp(`/${name}\\.ts$`), file: name, minify: true };
  }),
  { entry: "src/registry/kept-registry.ts", imported: /\/kept-registry\.ts$/, file: "registry" },
];
const seldomNeededBeside = {
  name: "what is seldom needed beside",
  setup: (build) => {
    for (const { entry, imported, file } of SELDOM_NEEDED)
      build.onResolve({ filter: imported }, ({ path, resolveDir, kind }) => {
        if (kind === "entry-point") return undefined;
        // Others of the name stay where they are.
        const isMeant = !path.startsWith(".") || join(resolveDir, path) === join(root, entry);
        return isMeant ? { path: `./${file}.cjs`, external: true } : undefined;
      });
  },
};
/** What answers HTTP needs of others' code, likewise: loaded by the first connection that speaks it. */
const WEB_FRAMEWORK = "web-framework";
const webFrameworkBeside = {
  name: "web framework beside",
  setup: (build) => build.onResolve({ filter: /\/web-framework\.ts$/ }, () => ({ path: `./${WEB_FRAMEWORK}.cjs`, external: true })),
};
/** In CommonJS an import while running becomes a `require`, which works in jest too, and a module's folder has another name. */
const commonJs = { format: "cjs", supported: { "dynamic-import": false }, define: { "import.meta.dirname": "__dirname" } };

export function isBuilt() {
  try {
    return existsSync(join(outputFolder, "odradek.cjs")) && readFileSync(stampFile, "utf8") === sourcesStamp();
  } catch {
    return false;
  }
}

/** Raises an error whose message lists what does not compile. */
export async function build({ withTypes = false } = {}) {
  const stamp = sourcesStamp();
  const esbuild = await import("esbuild");
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node22.15",
    legalComments: "none",
    // Sources are kept in memory, with a character beyond Latin-1 in a comment at two bytes a character.
    minifyWhitespace: true,
    lineLimit: 160,
    logLevel: "silent",
    logOverride: { "empty-import-meta": "error" },
  };
  mkdirSync(outputFolder, { recursive: true });
  for (const file of readdirSync(outputFolder)) if (file.startsWith("shared-")) rmSync(join(outputFolder, file));
  const built = await Promise.allSettled([
    buildConsole(join(root, "src", "console"), join(outputFolder, "console")),
    ...SELDOM_NEEDED.map(({ entry, file, minify = false }) =>
      esbuild.build({
        ...common,
        ...commonJs,
        entryPoints: [entry],
        minify,
        outfile: join(outputFolder, `${file}.cjs`),
        plugins: [seldomNeededBeside],
      }),
    ),
    esbuild.build({
      ...common,
      ...commonJs,
      entryPoints: [`src/http/${WEB_FRAMEWORK}.ts`],
      minify: true,
      outfile: join(outputFolder, `${WEB_FRAMEWORK}.cjs`),
    }),
    ...["main", "tools"].map((entry) =>
      esbuild.build({
        ...common,
        ...commonJs,
        entryPoints: [`src/cli/${entry}.ts`],
        outfile: join(outputFolder, entry === "main" ? "odradek.cjs" : `${entry}.cjs`),
        plugins: [seldomNeededBeside, webFrameworkBeside],
      }),
    ),
    esbuild.build({
      ...common,
      entryPoints: MODULES,
      format: "esm",
      splitting: true,
      outdir: outputFolder,
      outExtension: { ".js": ".mjs" },
      entryNames: "[name]",
      chunkNames: "shared-[hash]",
      external: ["vitest"],
      plugins: [seldomNeededBeside, webFrameworkBeside],
      banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    }),
    ...COMMON_JS.map((entry) =>
      esbuild.build({
        ...common,
        ...commonJs,
        entryPoints: [entry],
        outfile: join(outputFolder, `${basename(entry, ".ts")}.cjs`),
        plugins: entry === LIBRARY ? [seldomNeededBeside, webFrameworkBeside] : [libraryBeside],
      }),
    ),
  ]);
  const errors = built.flatMap(({ reason }) => reason?.errors ?? (reason === undefined ? [] : [{ text: String(reason) }]));
  if (errors.length > 0) {
    const said = new Set(await esbuild.formatMessages(errors, { kind: "error", color: process.stderr.isTTY === true }));
    throw new Error(`the sources do not build\n\n${[...said].join("")}`);
  }
  if (withTypes) buildTypes();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}

function buildTypes() {
  const types = join(outputFolder, "types");
  rmSync(types, { recursive: true, force: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const result = spawnSync(process.execPath, [tsc, "-p", join(root, "scripts", "tsconfig.types.json")], { cwd: root, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`the types do not build\n\n${result.stdout}${result.stderr}`);
  const declared = join("protocol", "wire", "buffer-layout.d.ts");
  cpSync(join(root, declared), join(types, declared));
  keepReachable(
    types,
    MODULES.map((entry) => entry.replace(/\.ts$/, ".d.ts")),
  );
  // It declares what its package lacks, and nothing imports it by name.
  const layout = join(types, "protocol", "wire", "layout.d.ts");
  if (existsSync(layout)) writeFileSync(layout, `/// <reference path="./buffer-layout.d.ts" />\n${readFileSync(layout, "utf8")}`);
  // The same declarations, of CommonJS: what a type file declares follows from the package.json above it.
  const commonTypes = join(outputFolder, "types-cjs");
  rmSync(commonTypes, { recursive: true, force: true });
  cpSync(types, commonTypes, { recursive: true });
  writeFileSync(join(commonTypes, "package.json"), '{ "type": "commonjs" }\n');
}

/** Of all declarations only those that the public ones refer to are published. */
function keepReachable(folder, entries) {
  const reachable = new Set([...entries, join("protocol", "wire", "buffer-layout.d.ts")]);
  for (const file of reachable) {
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, path] of text.matchAll(/["'](\.[^"']+)\.ts["']/g)) reachable.add(join(dirname(file), `${path}.d.ts`));
  }
  for (const file of readdirSync(folder, { recursive: true }))
    if (file.endsWith(".d.ts") && !reachable.has(file)) rmSync(join(folder, file));
}

function sourcesStamp() {
  const lines = [];
  for (const source of SOURCES) {
    const path = join(root, source);
    const stat = statSync(path);
    if (!stat.isDirectory()) lines.push(`${source} ${stat.size} ${stat.mtimeMs}`);
    else for (const file of readdirSync(path, { recursive: true })) addFile(lines, join(source, file));
  }
  return lines.sort().join("\n");
}

function addFile(lines, file) {
  if (!/\.(tsx?|js|json|html|css|svg)$/.test(file)) return;
  const { size, mtimeMs } = statSync(join(root, file));
  lines.push(`${file} ${size} ${mtimeMs}`);
}

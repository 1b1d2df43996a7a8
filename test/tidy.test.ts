// The house rules that a machine can keep (see src/README.md for the layers). An exception needs its reason in the list beside the rule.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** Lowest first. A file imports from rows above its own and from its own folder; `beside` lists what it may import from its own row. */
const LAYERS: readonly (readonly { readonly at: string; readonly beside?: readonly string[] }[])[] = [
  [{ at: "protocol/wire" }, { at: "src/base" }],
  [{ at: "protocol/schema" }],
  [
    { at: "protocol/messages" },
    { at: "protocol/records" },
    { at: "protocol/state" },
    { at: "protocol/headers.ts", beside: ["protocol/messages"] },
    { at: "protocol/errors.ts" },
    { at: "protocol/acl-codes.ts" },
  ],
  [{ at: "src/config" }, { at: "src/client" }],
  [{ at: "src/storage" }],
  [{ at: "src/log" }, { at: "src/diskless" }],
  [{ at: "src/partition" }],
  [{ at: "src/cluster", beside: ["src/security"] }, { at: "src/security" }, { at: "src/quota", beside: ["src/cluster", "src/security"] }],
  [{ at: "src/coordinator" }, { at: "src/telemetry" }],
  [{ at: "src/share" }],
  [{ at: "src/api" }],
  [{ at: "src/server" }],
  [{ at: "src/http" }, { at: "src/registry" }, { at: "src/console", beside: ["src/http"] }],
  [
    { at: "src/broker" },
    { at: "src/workers", beside: ["src/broker"] },
    { at: "src/membership", beside: ["src/broker"] },
    { at: "src/node.ts", beside: ["src/broker", "src/workers"] },
    { at: "src/faults", beside: ["src/broker"] },
    { at: "src/embed", beside: ["src/broker", "src/node.ts", "src/faults"] },
    { at: "src/index.ts", beside: ["src/broker", "src/embed", "src/faults"] },
    { at: "src/frameworks", beside: ["src/index.ts"] },
    { at: "src/cli", beside: ["src/broker", "src/node.ts", "src/membership", "src/embed", "src/workers"] },
  ],
];

/** What a folder must not know although it stands above: architecture's "must not know". */
const FORBIDDEN: readonly { readonly from: string; readonly to: readonly string[] }[] = [
  { from: "src/base", to: ["protocol"] },
  { from: "protocol", to: ["src"] },
  { from: "src/log", to: ["src/cluster", "src/coordinator", "src/security"] },
  { from: "src/partition", to: ["src/log", "src/diskless"] },
  { from: "src/coordinator", to: ["src/log", "src/diskless"] },
  { from: "src/telemetry", to: ["src/log", "src/diskless"] },
  { from: "src/share", to: ["src/log", "src/diskless"] },
  { from: "src/api", to: ["src/server"] },
  { from: "src/server", to: ["src/coordinator"] },
];

const MOST_LINES = 500;
const MOST_LINES_OF_FUNCTION = 80;
const LONG_FILES: { readonly [path: string]: string } = {};

/** Files whose names say all that there is to say. */
const WITHOUT_OPENING_COMMENT: { readonly [path: string]: string } = {};

/** Time, timers and chance outside of src/base (where they are wrapped), the command line and its client (not under test time) and browsers. */
const OWN_TIME: { readonly [path: string]: string } = {
  "protocol/records/pieces.ts": "lets others have their turn between two pieces, and the protocol knows no clock",
};

/** The environment outside of the command line. */
const OWN_ENVIRONMENT: { readonly [path: string]: string } = {
  "src/frameworks/vitest-global-setup.ts": "tells the tests of a run where their broker is, and decides nothing by it",
};

/** Default exports that a tool demands. */
const DEFAULT_EXPORTS: { readonly [path: string]: string } = {
  "test/vitest.config.ts": "vitest reads its configuration from the default export",
  "test/interop/vitest.config.ts": "vitest reads its configuration from the default export",
  "test/interop/brokers.ts": "vitest calls a global set-up by its default export",
  "src/console/assets.d.ts": "describes what vite makes of an import",
  "protocol/wire/buffer-layout.d.ts": "describes a CommonJS package, whose exports are one object",
};

const TOP_LEVEL = ["package.json", "tsconfig.json", "README.md", "src", "protocol", "test", "scripts"];
/** Demanded by npm beside package.json. */
const TOP_LEVEL_EXCEPTIONS: { readonly [name: string]: string } = {
  "package-lock.json": "npm keeps it there",
  node_modules: "npm installs there; not in the repository",
  LICENSE: "where everybody looks for it",
};

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Without comments, strings emptied. */
  readonly code: string;
  readonly lines: readonly string[];
}

const files = ["src", "protocol", "test", "scripts"].flatMap(sourcesIn);
const production = files.filter(({ path }) => path.startsWith("src/") || path.startsWith("protocol/"));

test("imports follow the layers", () => {
  const wrong: string[] = [];
  for (const { path, text } of production) {
    for (const target of importsOf(path, text)) {
      const complaint = layerComplaint(path, target);
      if (complaint !== undefined) wrong.push(`${path} imports ${target}: ${complaint}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("the map has the same layers", () => {
  const rows = readFileSync(join(root, "src/README.md"), "utf8").matchAll(/^\| (\d+) \| ([^|]*) \|/gm);
  const map = [...rows].map(([, row, places = ""]) => ({
    row: Number(row),
    places: [...places.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  }));
  const here = LAYERS.map((places, row) => ({ row, places: places.map(({ at }) => at).filter((at) => existsSync(join(root, at))) }));
  const named = map.map(({ row, places }) => ({ row, places: places.map((name) => join("src", name).replaceAll("\\", "/")).sort() }));
  expect(named).toEqual(here.filter(({ places }) => places.length > 0).map(({ row, places }) => ({ row, places: places.sort() })));
});

test("no imports go round in a circle, not those of types either", () => {
  const imports = new Map(files.map(({ path, text }) => [path, importsOf(path, text)]));
  expect(circlesIn(imports).map((circle) => circle.join(" → "))).toEqual([]);
});

test("production code imports nothing from tests and scripts", () => {
  const wrong = production.filter(({ path, text }) => importsOf(path, text).some((target) => /^(test|scripts)\//.test(target)));
  expect(pathsOf(wrong)).toEqual([]);
});

test("the console, which runs in browsers, takes nothing but types, and errors by their names, from elsewhere", () => {
  const ofOthers = /^import (?!type\b)[^;]*?["'](\.[^"']+)["']/gm;
  const wrong = files.flatMap(({ path, text }) => {
    if (!path.startsWith("src/console/")) return [];
    const targets = [...text.matchAll(ofOthers)].map(([, target = ""]) => normalize(join(dirname(path), target)).replaceAll("\\", "/"));
    return targets
      .filter((target) => !target.startsWith("src/console/") && target !== "protocol/errors.ts")
      .map((target) => `${path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test(`no file has more than ${MOST_LINES} lines`, () => {
  const long = files.filter(({ path, lines }) => lines.length > MOST_LINES && !(path in LONG_FILES));
  expect(long.map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([]);
});

test(`no function has more than ${MOST_LINES_OF_FUNCTION} lines`, () => {
  const long = production.flatMap(({ path, lines }) =>
    functionsIn(lines).flatMap(({ line, length }) => (length > MOST_LINES_OF_FUNCTION ? [`${path}:${line}: ${length}`] : [])),
  );
  expect(long).toEqual([]);
});

test("a file with logic opens with a comment", () => {
  const silent = production.filter(({ path, text }) => !/^\s*(\/\/|\/\*)/.test(text) && !(path in WITHOUT_OPENING_COMMENT));
  expect(pathsOf(silent)).toEqual([]);
});

test("nothing reads the environment but the command line", () => {
  const readers = production.filter(
    ({ path, code }) => /\bprocess\s*\.\s*env\b/.test(code) && !path.startsWith("src/cli/") && !(path in OWN_ENVIRONMENT),
  );
  expect(pathsOf(readers)).toEqual([]);
  expect(pathsOf(production.filter(({ text }) => /NODE_ENV/.test(text)))).toEqual([]);
});

test("time and chance are injected", () => {
  const own =
    /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bset(Timeout|Interval|Immediate)\b|\brandom(UUID|Bytes|Int)\b|\bperformance\.now\b/;
  const wrong = production.filter(
    ({ path, code }) => own.test(code) && !/^src\/(base|client|cli|console)\//.test(path) && !(path in OWN_TIME),
  );
  expect(pathsOf(wrong)).toEqual([]);
});

test("nothing is left to do, and no type is given up", () => {
  const marked = files.filter(({ path, text }) => path !== "test/tidy.test.ts" && /\b(TODO|FIXME|XXX|HACK)\b/.test(text));
  expect(pathsOf(marked)).toEqual([]);
  const untyped = files.filter(({ path, code }) => /\.tsx?$/.test(path) && /(:|<|\bas|,|\|)\s*any\b(?!\s*[:\w(])/.test(code));
  expect(pathsOf(untyped)).toEqual([]);
});

test("there are no default exports and no enums", () => {
  const wrong = files.filter(
    ({ path, code }) => /^\s*(export default\b|(export\s+)?(const\s+)?enum\s)/m.test(code) && !(path in DEFAULT_EXPORTS),
  );
  expect(pathsOf(wrong)).toEqual([]);
});

test("no file speaks of a machine that it was written on", () => {
  const machine = /(^|[\s"'`(=])\/(home|root|Users|work)\/|\.\.\/shared\b|\/tmp\/[a-z]*-?\d{3,}/m;
  // These alone say where the references lie by default.
  const exempt = /^(test\/tidy\.test|scripts\/[a-z-]+-reference)\.ts$/;
  expect(pathsOf(files.filter(({ path, text }) => !exempt.test(path) && machine.test(text)))).toEqual([]);
});

test("the top level holds what the map of the repository says", () => {
  const extra = readdirSync(root).filter((name) => !name.startsWith(".") && !TOP_LEVEL.includes(name) && !(name in TOP_LEVEL_EXCEPTIONS));
  expect(extra).toEqual([]);
});

test("every dependency has a sentence in src/README.md, under Dependencies", () => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const map = join(root, "src/README.md");
  const section = existsSync(map) ? (readFileSync(map, "utf8").split(/^#+ Dependencies$/m)[1] ?? "") : "";
  const unexplained = Object.keys(dependencies).filter((name) => !section.includes(`\`${name}\``));
  expect(unexplained).toEqual([]);
});

test("every exception has a reason and is still needed", () => {
  const lists = [LONG_FILES, WITHOUT_OPENING_COMMENT, OWN_TIME, DEFAULT_EXPORTS];
  for (const [path, reason] of lists.flatMap((list) => Object.entries(list))) {
    expect(reason, path).not.toBe("");
    expect(existsSync(join(root, path)), `${path} is gone`).toBe(true);
  }
});

function sourcesIn(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(tsx?|mjs|cjs)$/.test(name) && !name.includes("node_modules"))
    .map((name) => {
      const path = join(folder, name).replaceAll("\\", "/");
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, code: codeOf(text), lines: text.split("\n") };
    });
}

/** Comments and the insides of strings are blanked; good enough for rules about identifiers. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/[^\n]*|`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, (match) =>
    /^["'`]/.test(match) ? '""' : " ",
  );
}

/** Relative imports, as paths from the root. */
function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;"']*?["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']\s*\)/g);
  return [...found].map(([, fixed, dynamic]) => normalize(join(dirname(path), fixed ?? dynamic ?? "")).replaceAll("\\", "/"));
}

/** One circle for each set of files that reach each other, from the first of them in order back to itself. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]) => {
    const at = trail.indexOf(path);
    if (at !== -1) found.push([...trail.slice(at), path]);
    if (at !== -1 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of [...imports.keys()].sort()) walk(path, []);
  return found;
}

/** Functions and methods as the formatter lays them out: they end at the first closing brace that is indented as they are. */
function functionsIn(lines: readonly string[]): { readonly line: number; readonly length: number }[] {
  return lines.flatMap((text, index) => {
    const start = /^( {0}| {2})(?:export |static |async |get |set )*(?:function\*? )?[#*]?[\w$]+(?:<.*>)?\((?:.*\{)?$/.exec(text);
    if (start === null || /^\s*(?:if|for|while|switch|return|await)\b/.test(text)) return [];
    const end = lines.findIndex(
      (other, at) => at > index && other.startsWith(start[1] ?? "") && /^[})]/.test(other.slice(start[1]?.length)),
    );
    const last = lines[end] ?? "";
    const close = /\{$/.test(last) ? lines.findIndex((other, at) => at > end && other === `${start[1]}}`) : end;
    return [{ line: index + 1, length: close - index + 1 }];
  });
}

function layerComplaint(path: string, target: string): string | undefined {
  const from = placeOf(path);
  const to = placeOf(target);
  if (from === undefined) return `${path} is in no layer`;
  if (to === undefined) return `${target} is in no layer`;
  if (from.at === to.at) return undefined;
  if (FORBIDDEN.some((rule) => isUnder(path, rule.from) && rule.to.some((at) => isUnder(target, at)))) return "it must not know it";
  if (to.row < from.row) return undefined;
  if (to.row > from.row) return "it stands higher";
  return from.beside.includes(to.at) ? undefined : "it stands beside it";
}

function placeOf(path: string): { readonly row: number; readonly at: string; readonly beside: readonly string[] } | undefined {
  for (const [row, places] of LAYERS.entries()) {
    for (const { at, beside = [] } of places) if (isUnder(path, at)) return { row, at, beside };
  }
  return undefined;
}

function isUnder(path: string, place: string): boolean {
  return path === place || !relative(place, path).startsWith("..");
}

function pathsOf(wrong: readonly SourceFile[]): string[] {
  return wrong.map(({ path }) => path);
}

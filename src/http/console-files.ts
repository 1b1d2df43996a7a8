// The console's files (src/console), as the build leaves them: compressed, with a hash of their content in their names, so that a browser asks for
// each once and for the page, which names them, every time. A broker that runs from sources has none until they are built.
//
// What a browser may do with them is said here, and is little: scripts and styles of this origin alone, no text that becomes markup (trusted types),
// nothing of anybody else. The one script that evaluates what a user wrote, a filter of messages, runs in a worker with a policy of its own, which
// lets it reach nothing.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Problem } from "./problem.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};
const PAGE = "index.html";
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types odradek-sandbox",
].join("; ");
const SANDBOX_POLICY = "default-src 'none'; script-src 'unsafe-eval'; frame-ancestors 'none'; base-uri 'none'";
const FOREVER = "private, max-age=31536000, immutable";

const unzipped = promisify(gunzip);

export interface Wanted {
  /** The header of a request that says what it takes. */
  readonly acceptEncoding: string;
}

/** No path: what stands beside the page. */
const NAME = /^[-\w]+\.\w+$/;

export class ConsoleFiles {
  readonly #folders: readonly string[];

  /** @param folders where they may be; the first counts that has the page */
  constructor(folders: readonly string[] = placesOfTheBuild()) {
    this.#folders = folders;
  }

  /** What is at "/" for browsers. */
  async page(wanted: Wanted): Promise<Response> {
    const page = await this.#answer(PAGE, wanted, { "content-security-policy": PAGE_POLICY });
    if (page !== undefined) return page;
    const text = "The console is not built: run npm run build, then load this page again. Metrics are at /metrics.\n";
    return new Response(text, { status: 503, headers: { "content-type": "text/plain; charset=utf-8" } });
  }

  /** Rejects with Problem. */
  async file(name: string, wanted: Wanted): Promise<Response> {
    const policy: Record<string, string> = name.startsWith("sandbox-") ? { "content-security-policy": SANDBOX_POLICY } : {};
    const file = NAME.test(name) ? await this.#answer(name, wanted, { "cache-control": FOREVER, ...policy }) : undefined;
    if (file === undefined) throw new Problem(404, "There is no such file of the console.");
    return file;
  }

  async #answer(name: string, { acceptEncoding }: Wanted, headers: Readonly<Record<string, string>>): Promise<Response | undefined> {
    const folder = this.#folders.find((each) => existsSync(join(each, `${PAGE}.gz`)));
    const zipped = folder === undefined ? undefined : await readIfThere(join(folder, `${name}.gz`));
    if (zipped === undefined) return undefined;
    const takesZipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$|\s))/i.test(acceptEncoding);
    const body = takesZipped ? zipped : await unzipped(zipped);
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    const encoding: Record<string, string> = takesZipped ? { "content-encoding": "gzip" } : {};
    return new Response(new Uint8Array(body), { headers: { "content-type": type, vary: "accept-encoding", ...encoding, ...headers } });
  }
}

/** Beside what is built, or where the build puts it for who runs the sources. */
function placesOfTheBuild(): readonly string[] {
  return [join(import.meta.dirname, "console"), join(import.meta.dirname, "../../.dist/console")];
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
}

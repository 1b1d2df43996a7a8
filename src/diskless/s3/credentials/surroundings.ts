// What credentials and settings are looked for in, given by whoever knows the process: nothing here reads the environment itself.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import type { Clock } from "../../../base/clock.ts";
import { ObjectStoreError } from "../../../base/object-store.ts";
import { type HttpAnswer, HttpExchange, NoAnswer } from "../http-exchange.ts";

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Of a command that gives credentials. */
const COMMAND_MS = 60_000;
const MOST_BYTES = 1024 * 1024;

/** Not set, or set to nothing. */
export function variable({ environment }: Surroundings, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === "" ? undefined : value;
}

export function homeFolder(surroundings: Surroundings): string {
  return variable(surroundings, "HOME") ?? variable(surroundings, "USERPROFILE") ?? homedir();
}

/** Undefined where there is none, or it cannot be read. */
export async function textOfFile(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}

export interface Question {
  /** What is asked, for people: "the instance metadata service". */
  readonly whom: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly deadlineMs: number;
}

/** One request to a service that gives credentials. Rejects with ObjectStoreError where it does not answer. */
export async function answerTo(question: Question, clock: Clock): Promise<HttpAnswer> {
  const { method, url, headers, whom, deadlineMs } = question;
  const exchange = await HttpExchange.with(url, { clock, deadlineMs });
  const body = Buffer.from(question.body ?? "");
  try {
    return await exchange.ask({
      method,
      path: url.pathname + url.search,
      headers: { host: url.host, ...headers, ...(method === "GET" ? {} : { "content-length": String(body.length) }) },
      parts: [body],
      mostBytes: MOST_BYTES,
    });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw new ObjectStoreError(
      "UNAVAILABLE",
      `There are no credentials for the object store: ${whom} at ${url.origin} did not answer (${error.message}).`,
      {
        cause: error,
      },
    );
  }
}

/** What a command prints, which a shell runs as AWS's tools have it. */
export function outputOf(command: string, { environment }: Surroundings): Promise<string> {
  const [shell, option] = process.platform === "win32" ? ["cmd.exe", "/c"] : ["/bin/sh", "-c"];
  return new Promise((resolve, reject) => {
    execFile(shell, [option, command], { env: environment, timeout: COMMAND_MS, maxBuffer: MOST_BYTES }, (error, stdout) => {
      if (error === null) resolve(stdout);
      // What it printed may be secret.
      else
        reject(
          new ObjectStoreError(
            "REFUSED",
            `There are no credentials for the object store: credential_process failed (${error.code ?? error.signal}).`,
          ),
        );
    });
  });
}

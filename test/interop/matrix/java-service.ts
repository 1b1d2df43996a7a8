// A program of Kafka's own jars that runs until it is stopped, and what it warned of.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../broker-under-test.ts";
import { JVM, referenceLibraries } from "../java-program.ts";
import { killChild, stopChild } from "../processes.ts";

type Properties = Readonly<Record<string, string | number | boolean>>;

export class JavaService {
  readonly #child: ChildProcess;
  #output = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
  }

  static async start(main: string, args: readonly string[]): Promise<JavaService> {
    const jvm = [...JVM, "-Dlog4j2.level=WARN", "-cp", await referenceLibraries(), main];
    return new JavaService(spawn("java", [...jvm, ...args], { stdio: ["ignore", "pipe", "pipe"] }));
  }

  /** Its lines at WARN and above, without what is before the logger's name. */
  get warnings(): string[] {
    return [...this.#output.matchAll(/ (?:WARN|ERROR) +(\S+ - .*)$/gm)].map(([, line = ""]) => line);
  }

  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  stop(): Promise<void> {
    return stopChild(this.#child);
  }

  kill(): Promise<void> {
    return killChild(this.#child);
  }
}

/** A fresh folder in .cache/interop. */
export function workFolder(name: string): string {
  const folder = join(CACHE, "data", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Gives the path of the file. */
export function writeProperties(folder: string, name: string, properties: Properties): string {
  const path = join(folder, `${name}.properties`);
  writeFileSync(
    path,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(""),
  );
  return path;
}

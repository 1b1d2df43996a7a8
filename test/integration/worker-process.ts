// `odradek start --workers` as a process of its own, for tests that stop and kill it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = join(import.meta.dirname, "../../scripts/odradek.cjs");

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly broker?: number;
}

export class WorkerProcess {
  /** Of all that were started, those that have not ended. */
  static readonly #processes = new Set<ChildProcess>();
  readonly bootstrapServers: readonly string[];
  /** What it has logged so far. */
  readonly lines: readonly LogLine[];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, bootstrapServers: string, lines: readonly LogLine[]) {
    this.#process = process;
    this.bootstrapServers = bootstrapServers.split(",");
    this.lines = lines;
  }

  /** Once it is ready. Rejects with what it wrote to stderr when it ends instead. */
  static async start(data: string, args: readonly string[], nodeArgs: readonly string[] = []): Promise<WorkerProcess> {
    const process = spawn(globalThis.process.execPath, [...nodeArgs, program, "start", "--json", "--data", data, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    WorkerProcess.#processes.add(process);
    process.once("close", () => WorkerProcess.#processes.delete(process));
    let complaint = "";
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    const lines: LogLine[] = [];
    const bootstrapServers = await new Promise<string>((resolve, reject) => {
      createInterface(process.stdout).on("line", (line) => {
        const { event, bootstrapServers: servers, ...logged } = JSON.parse(line);
        if (event === "ready") resolve(servers);
        else lines.push(logged);
      });
      process.once("close", (exitCode) => reject(new Error(`ended with ${exitCode}: ${complaint}`)));
    });
    return new WorkerProcess(process, bootstrapServers, lines);
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** The exit code, once it has ended by itself. */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, "close");
    return this.#process.exitCode;
  }

  /** Also those that are not ready yet. */
  static async killAll(): Promise<void> {
    await Promise.all(
      [...WorkerProcess.#processes].map(async (process) => {
        const closed = once(process, "close");
        process.kill("SIGKILL");
        await closed;
      }),
    );
  }

  /** In order; gives the exit code. */
  stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  kill(): Promise<number | null> {
    return this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return this.#process.exitCode;
    const closed = once(this.#process, "close");
    this.#process.kill(signal);
    const [exitCode] = await closed;
    return exitCode;
  }
}

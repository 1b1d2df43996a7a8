// The broker that is tried: the command line's own, in a process of its own, with watch.ts inside. What it says about connections is kept by
// listener and port until somebody asks (a system gives one port to two connections at a time, as long as they go to two listeners); whatever it
// calls an error is a complaint.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "./account.ts";
import type { Observed } from "./watch.ts";

export interface BrokerOptions {
  readonly data: string;
  readonly args: readonly string[];
  readonly account: Account;
  /** A turn took that much processor time. */
  readonly longTurn: (turn: Extract<Observed, { kind: "turn" }>) => void;
}

interface LogLine {
  readonly level?: string;
  readonly event?: string;
  readonly bootstrapServers?: string;
  readonly msg?: string;
  readonly client?: string;
  readonly listener?: string;
  readonly reason?: string;
  readonly [fact: string]: unknown;
}

const HEAP_MEBIBYTES = 256;
const START_MS = 60_000;
const STOP_MS = 60_000;
/** How long its log may take to arrive. */
const LOG_MS = 5000;
/** From so long on without a sign of life it is taken for dead, and ended: whoever waits for it would do so for ever. */
const SILENT_MS = 60_000;
const KEPT_REASONS = 20_000;

/** No broker outlives the fuzzer, however it ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class BrokerUnderTest {
  readonly #child: ChildProcess;
  readonly #options: BrokerOptions;
  /** By "SASL_SSL 45012": the listener, and the client's port. */
  readonly #reasons = new Map<string, string>();
  readonly #asking = new Map<string, (reason: string) => void>();
  readonly #exited: Promise<unknown>;
  #port = 0;
  #lastWords: string[] = [];
  #isStopping = false;
  #heardMs = Date.now();
  #measured: ((observed: Extract<Observed, { kind: "measured" }>) => void) | undefined;

  private constructor(options: BrokerOptions) {
    this.#options = options;
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    const flags = ["--expose-gc", "--import", join(import.meta.dirname, "watch.ts"), `--max-old-space-size=${HEAP_MEBIBYTES}`];
    const args = [...flags, main, "start", "--data", options.data, "--json", "--log-level", "warn", ...options.args];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.#exited = once(this.#child, "exit");
    running.add(this.#child);
    this.#child.once("exit", () => running.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#read(line));
    }
    this.#child.on("message", (observed) => this.#observe(observed as Observed));
    const looking = setInterval(() => this.#endSilent(), 1000).unref();
    this.#child.on("exit", (code, signal) => {
      clearInterval(looking);
      if (!this.#isStopping) options.account.complain({ what: `the broker ended with ${code ?? signal}: ${this.#lastWords.join(" | ")}` });
    });
  }

  static async start(options: BrokerOptions): Promise<BrokerUnderTest> {
    const broker = new BrokerUnderTest(options);
    for (const deadline = Date.now() + START_MS; broker.#port === 0; await delay(5)) {
      if (!broker.isRunning || Date.now() > deadline) throw new Error(`the broker does not start: ${broker.#lastWords.join(" | ")}`);
    }
    // What answers HTTP is loaded for the first who asks, which takes a turn of its own.
    await fetch(`http://127.0.0.1:${broker.#port}/health`);
    // From now on its turns count.
    await broker.measure();
    return broker;
  }

  get port(): number {
    return this.#port;
  }

  /** It ended as it was told to. */
  get hasStopped(): boolean {
    return this.#child.exitCode === 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Why it closed the connection from that port, once. */
  reasonOf(listener: string, port: number): Promise<string | undefined> {
    const connection = `${listener} ${port}`;
    const known = this.#reasons.get(connection);
    if (known !== undefined) {
      this.#reasons.delete(connection);
      return Promise.resolve(known);
    }
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#asking.delete(connection);
        resolve(undefined);
      };
      // Twice: this process may have been too busy to read what is there.
      let timer = setTimeout(() => {
        timer = setTimeout(giveUp, LOG_MS);
      }, LOG_MS);
      this.#asking.set(connection, (reason) => {
        clearTimeout(timer);
        this.#asking.delete(connection);
        resolve(reason);
      });
    });
  }

  /** The longest turn since it was last asked, and the most memory ever. */
  measure(): Promise<Extract<Observed, { kind: "measured" }> | undefined> {
    if (!this.isRunning) return Promise.resolve(undefined);
    const measured = new Promise<Extract<Observed, { kind: "measured" }>>((resolve) => {
      this.#measured = resolve;
    });
    this.#child.send({});
    return Promise.race([measured, this.#exited.then(() => undefined)]);
  }

  /** By a signal, as users do it; complains when that is not clean. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#isStopping = true;
    this.#child.kill("SIGTERM");
    const isOver = await Promise.race([this.#exited.then(() => true), delay(STOP_MS, false, { ref: false })]);
    if (!isOver) this.#child.kill("SIGKILL");
    await this.#exited;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== 0) this.#complain(`the broker stopped with ${exitCode ?? signalCode}: ${this.#lastWords.join(" | ")}`);
  }

  #read(line: string): void {
    this.#lastWords = [...this.#lastWords.slice(-8), line.slice(0, 2000)];
    if (!line.startsWith("{")) return;
    const facts = JSON.parse(line) as LogLine;
    if (facts.event === "ready") this.#port = Number(facts.bootstrapServers?.split(":").at(-1));
    else if (facts.client !== undefined) this.#say(`${facts.listener} ${facts.client.split(":").at(-1)}`, facts);
    if (facts.level === "error") this.#complain(saidError(facts));
  }

  #say(connection: string, { reason, msg }: LogLine): void {
    const text = reason === undefined ? `${msg}` : `${msg}: ${reason}`;
    const asking = this.#asking.get(connection);
    if (asking !== undefined) {
      asking(text);
      return;
    }
    this.#reasons.set(connection, text);
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > KEPT_REASONS && oldest !== undefined) this.#reasons.delete(oldest);
  }

  #observe(observed: Observed): void {
    this.#heardMs = Date.now();
    if (observed.kind === "turn") this.#options.longTurn(observed);
    else if (observed.kind === "measured") this.#measured?.(observed);
  }

  #endSilent(): void {
    if (Date.now() - this.#heardMs < SILENT_MS || this.#isStopping) return;
    this.#isStopping = true;
    this.#child.kill("SIGKILL");
    this.#complain(`the broker's event loop has stood still for ${SILENT_MS} ms`);
  }

  #complain(what: string): void {
    this.#options.account.complain({ what });
  }
}

interface LoggedError {
  readonly message?: string;
  readonly stack?: string;
}

/** What it is about comes first: complaints of a kind are made once. */
function saidError({ msg, err, api, ...facts }: LogLine): string {
  const { message, stack } = (err ?? {}) as LoggedError;
  return `the broker says: ${msg}: ${api} ${message}\n${stack}\n${JSON.stringify(facts).slice(0, 500)}`;
}

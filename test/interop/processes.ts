// Child processes of the suite: run one to its end, or wait for one that keeps running. Each has a deadline.

import { type ChildProcess, spawn } from "node:child_process";

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  /** Default: this process's. */
  readonly cwd?: string;
}

/** Runs a program to its end. One that passes its deadline is killed and rejects; any exit code resolves. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { deadlineMs = 60_000, cwd } = options;
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: "pipe", ...(cwd === undefined ? {} : { cwd }) });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined); // A program may end without reading what it was given.
  child.stdin.end(options.stdin ?? "");
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${command} ${args.join(" ")} ran longer than ${deadlineMs} ms: ${stdout.join("")}${stderr.join("")}`));
    }, deadlineMs);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ exitCode: code ?? -1, stdout: stdout.join(""), stderr: stderr.join("") });
    });
  });
}

/** Runs a program that must succeed. */
export async function runOrThrow(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await run(command, args, options);
  if (exitCode !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}

/** Resolves when the output of a child matches; rejects when the child ends before that, or at the deadline. */
export function waitForOutput(child: ChildProcess, pattern: RegExp, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = "";
    const fail = (why: string): void => reject(new Error(`${why} before ${pattern}: ${seen.slice(-3000)}`));
    const timer = setTimeout(() => fail(`${deadlineMs} ms passed`), deadlineMs);
    const onData = (chunk: Buffer): void => {
      seen = (seen + chunk.toString()).slice(-100_000);
      if (!pattern.test(seen)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on("data", onData);
    child.stderr?.on("data", onData);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearTimeout(timer);
      fail(`the process ended with ${code}`);
    });
  });
}

/** Asks a child to end, and kills it when it has not within the deadline. */
export async function stopChild(child: ChildProcess, deadlineMs = 20_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  await ended;
  clearTimeout(timer);
}

export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await ended;
}

/** Asks again and again until the answer is good. Rejects at the deadline with the last answer. */
export async function waitFor<T>(what: string, ask: () => Promise<T>, isGood: (answer: T) => boolean, deadlineMs = 180_000): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (isGood(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${deadlineMs} ms; last seen: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

// A member of a group as a process of its own, so that it can die, stand still and come back like one. Its program consumes, commits what it has
// consumed every 150 ms and whenever partitions are taken, and writes its log (member-log.ts). Told "hold" it consumes once more, says so,
// and then does nothing, not even call its client, until "go": then it commits what it had. The end of its input has it commit, leave and end.
// With an output it is a transformer: for each record that it consumes it sends "<topic>/<partition>/<offset>" to the output in a
// transaction with its offsets; it holds with the transaction open.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { GoProgram } from "../../scripts/go-program.ts";
import { NODE } from "./broker-under-test.ts";
import { traceOf } from "./client-trace.ts";
import { nowUs } from "./event-log.ts";
import { javaProgram } from "./java-program.ts";
import { type MemberEvent, MemberLog } from "./member-log.ts";
import { killChild, stopChild, waitFor } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";
import { statesOfThreads } from "./threads.ts";

export type MemberClient = "java" | "librdkafka" | "franz-go" | "kafkajs" | "odradek";
export type GroupProtocol = "classic" | "consumer";
export type ClassicAssignor = "range" | "cooperative-sticky";

export interface MemberOptions {
  readonly name: string;
  readonly bootstrap: string;
  readonly group: string;
  readonly protocol: GroupProtocol;
  readonly topics: readonly string[];
  /** Instead of topics. */
  readonly pattern?: string;
  /** Of a static member. */
  readonly instance?: string;
  /** Of the classic protocol; the consumer protocol has the broker's. */
  readonly sessionMs: number;
  /** Of the classic protocol; kafkajs has its own. */
  readonly assignor?: ClassicAssignor;
  /** Has one partition. */
  readonly output?: string;
  /** With an output. */
  readonly transactionalId?: string;
}

const franzGo = new GoProgram(join(import.meta.dirname, "franz-go-member"));
/** A member of nobody's group. */
const REHEARSAL = {
  name: "x",
  bootstrap: "127.0.0.1:1",
  group: "x",
  protocol: "consumer",
  topics: ["x"],
  sessionMs: 5000,
  log: "/dev/null",
};
/** Made once, however many start at a time. */
const commands = new Map<MemberClient, Promise<readonly [string, ...string[]]>>();
/** For what hangs: members start while this one ends. */
const LEAVE_MS = 60_000;

export function canBuildFranzGoMember(): boolean {
  return franzGo.canBuild();
}

export class GroupMember {
  readonly name: string;
  readonly client: MemberClient;
  readonly protocol: GroupProtocol;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #log: MemberLog;
  #said = "";
  #isAlive = true;

  private constructor(
    client: MemberClient,
    { name, protocol }: MemberOptions,
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    logPath: string,
  ) {
    this.name = name;
    this.client = client;
    this.protocol = protocol;
    this.#child = child;
    this.#log = new MemberLog(logPath, name);
    const trace = traceOf(logPath);
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString()).slice(-4000);
      trace?.write(chunk);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.stdin.on("error", () => undefined); // Its log tells why it ended, or its exit does.
    child.once("exit", () => {
      this.#isAlive = false;
    });
  }

  /** @param logFolder is there, and no other member of the name has a log there */
  static async start(client: MemberClient, options: MemberOptions, logFolder: string): Promise<GroupMember> {
    const path = join(logFolder, `${options.name}.log`);
    const command = commands.get(client) ?? commandOf(client);
    commands.set(client, command);
    const [program, ...args] = await command;
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    const child = spawn(program, [...args, JSON.stringify({ ...options, log: path })], { stdio: ["pipe", "pipe", "pipe"], env });
    return new GroupMember(client, options, child, path);
  }

  /** All that it has written by now. Throws when the process has ended without a word in its log. */
  events(): readonly MemberEvent[] {
    const events = this.#log.read();
    const hasSaidWhy = events.some(({ event }) => event === "left" || event === "killed" || event === "failed");
    if (!this.#isAlive && !hasSaidWhy) throw new Error(`${this.name} ended: ${this.#said}`);
    return events;
  }

  tell(command: "hold" | "go"): void {
    this.#child.stdin.write(`${command}\n`);
  }

  async leave(): Promise<void> {
    if (!this.#isAlive) return;
    const ended = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stdin.end();
    const timer = setTimeout(() => void killChild(this.#child), LEAVE_MS);
    await ended;
    clearTimeout(timer);
    if (this.#child.signalCode !== null) throw new Error(`${this.name} did not leave within ${LEAVE_MS} ms: ${this.#said}`);
  }

  /** Without a word to the broker. */
  async kill(): Promise<void> {
    const sinceUs = nowUs();
    await killChild(this.#child);
    // On a busy machine the others may know before we do.
    this.#log.add("killed", sinceUs);
  }

  /** It stands still, with its sockets open, when the promise resolves. */
  async stop(): Promise<void> {
    this.#child.kill("SIGSTOP");
    await waitFor(
      `${this.name} to stand still`,
      async () => statesOfThreads(this.#child.pid),
      (states) => states.every((state) => state === "T"),
    );
    this.#log.add("stopped");
  }

  continue(): void {
    this.#log.add("continued");
    this.#child.kill("SIGCONT");
  }

  /** For the end of a test, whatever its state. */
  async end(): Promise<void> {
    if (!this.#isAlive) return;
    this.#child.kill("SIGCONT");
    this.#child.stdin.end();
    await stopChild(this.#child, 1000);
  }
}

async function commandOf(client: MemberClient): Promise<readonly [string, ...string[]]> {
  switch (client) {
    case "java":
      return ["java", ...(await javaProgram("GroupMember", [JSON.stringify(REHEARSAL)]))];
    case "librdkafka":
      return [await pythonWithClients(), join(import.meta.dirname, "python/librdkafka_member.py")];
    case "franz-go":
      return [franzGo.build()];
    case "kafkajs":
      return [NODE, join(import.meta.dirname, "node/kafkajs-member.ts")];
    case "odradek":
      return [NODE, join(import.meta.dirname, "node/odradek-member.ts")];
  }
}

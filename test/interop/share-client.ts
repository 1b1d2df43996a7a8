// Consumers of share groups as other clients have them: programs that know the same few calls (client-process.ts), so that a scenario says when
// a consumer polls, acknowledges and commits. A program has as many consumers as are opened in it, each with a thread of its own; killed, all die.

import { join } from "node:path";
import { GoProgram } from "../../scripts/go-program.ts";
import { ClientProcess, Refusal } from "./client-process.ts";
import { javaProgram } from "./java-program.ts";
import { pythonWithClients } from "./python-environment.ts";

export type ShareClientName = "java" | "librdkafka" | "franz-go";
export type AcknowledgeType = "accept" | "release" | "reject" | "renew";

export interface SharedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** How often it was delivered by now. */
  readonly deliveries: number;
  readonly value: string;
}

export interface ShareConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** A poll or the close acknowledges what the poll before has given. Default: nothing is acknowledged that is not said. */
  readonly isImplicit?: boolean;
  /** Of Java and franz-go. Default: as many as whole batches have. */
  readonly isRecordLimited?: boolean;
  readonly maxRecords?: number;
}

/** By partition, the name of the error that its acknowledgements were refused with, or null. */
export type Committed = Readonly<Record<string, string | null>>;

/** The calls, with what they are given and what they answer. */
type ShareCalls = {
  open(args: { consumer: string } & ShareConsumerOptions): null;
  /** The records that come first, or none when the time is over. */
  poll(args: { consumer: string; waitMs: number }): SharedRecord[];
  acknowledge(args: { consumer: string; records: readonly SharedRecord[]; type: AcknowledgeType }): null;
  /** Of one topic. */
  commit(args: { consumer: string }): Committed;
  /** Of Java: what its callback was told since it was asked before. */
  outcomes(args: { consumer: string }): (readonly [partition: number, offset: number, error: string | null])[];
  /** Of Java. */
  lockMs(args: { consumer: string }): number | null;
  close(args: { consumer: string }): null;
};

const franzGo = new GoProgram(join(import.meta.dirname, "franz-go-share"));
const POLL_MS = 60_000;
/** Also while a broker starts. */
const DEADLINE_MS = 150_000;

export function canBuildFranzGoShare(): boolean {
  return franzGo.canBuild();
}

export class ShareClient {
  readonly #process: ClientProcess<ShareCalls>;

  private constructor(process: ClientProcess<ShareCalls>) {
    this.#process = process;
  }

  static async start(client: ShareClientName, bootstrap: string): Promise<ShareClient> {
    const [program, ...args] = await commandOf(client);
    return new ShareClient(new ClientProcess(program, [...args, bootstrap]));
  }

  async open(consumer: string, options: ShareConsumerOptions): Promise<ShareConsumer> {
    await this.#process.call("open", { consumer, ...options });
    return new ShareConsumer(this.#process, consumer);
  }

  /** All its consumers end without a word to the broker. */
  die(): void {
    this.#process.die();
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

export class ShareConsumer {
  readonly name: string;
  readonly #process: ClientProcess<ShareCalls>;

  constructor(process: ClientProcess<ShareCalls>, name: string) {
    this.#process = process;
    this.name = name;
  }

  poll(waitMs = POLL_MS): Promise<SharedRecord[]> {
    return this.#process.call("poll", { consumer: this.name, waitMs }, waitMs + DEADLINE_MS);
  }

  async acknowledge(type: AcknowledgeType, records: readonly SharedRecord[]): Promise<void> {
    await this.#process.call("acknowledge", { consumer: this.name, records, type });
  }

  commit(): Promise<Committed> {
    return this.#process.call("commit", { consumer: this.name }, DEADLINE_MS);
  }

  outcomes(): Promise<(readonly [partition: number, offset: number, error: string | null])[]> {
    return this.#process.call("outcomes", { consumer: this.name });
  }

  lockMs(): Promise<number | null> {
    return this.#process.call("lockMs", { consumer: this.name });
  }

  async close(): Promise<void> {
    await this.#process.call("close", { consumer: this.name }, DEADLINE_MS);
  }

  /** The name of the error that the client refuses with; "" where it does not. */
  async refusalOf(call: (consumer: this) => Promise<unknown>): Promise<string> {
    try {
      await call(this);
      return "";
    } catch (error) {
      if (error instanceof Refusal) return error.name;
      throw error;
    }
  }
}

async function commandOf(client: ShareClientName): Promise<readonly [string, ...string[]]> {
  switch (client) {
    case "java":
      return ["java", ...(await javaProgram("ShareClient"))];
    case "librdkafka":
      return [await pythonWithClients(), join(import.meta.dirname, "python/librdkafka_share.py")];
    case "franz-go":
      return [franzGo.build()];
  }
}

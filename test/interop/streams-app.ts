// Instances of a Kafka Streams application (java/StreamsApp.java), each a process that can be killed.

import { join } from "node:path";
import { CACHE } from "./broker-under-test.ts";
import { ClientProcess } from "./client-process.ts";
import { javaProgram } from "./java-program.ts";
import { waitFor } from "./processes.ts";

export interface StreamsAppOptions {
  readonly application: string;
  readonly input: string;
  readonly output: string;
  readonly threads: number;
}

/** By the host that an instance says, the partitions of the topics behind its tasks. */
export type Places = Readonly<Record<string, { readonly active: readonly string[]; readonly standby: readonly string[] }>>;

type StreamsCalls = {
  open(args: { instance: string; folder: string } & StreamsAppOptions): null;
  /** KafkaStreams.State. */
  state(args: { instance: string }): string;
  /** Why threads have ended. */
  failures(args: { instance: string }): string[];
  places(args: { instance: string }): Places;
  close(args: { instance: string }): boolean;
};

const CLOSE_MS = 90_000;

export class StreamsInstance {
  readonly name: string;
  readonly #process: ClientProcess<StreamsCalls>;
  #isOver = false;

  private constructor(process: ClientProcess<StreamsCalls>, name: string) {
    this.#process = process;
    this.name = name;
  }

  /** Resolves when it runs. */
  static async start(bootstrap: string, name: string, options: StreamsAppOptions): Promise<StreamsInstance> {
    const process = new ClientProcess<StreamsCalls>("java", [...(await javaProgram("StreamsApp")), bootstrap]);
    const folder = join(CACHE, "streams", `${options.application}-${name}`);
    await process.call("open", { instance: name, folder, ...options });
    const instance = new StreamsInstance(process, name);
    await waitFor(
      `${name} to run`,
      () => instance.state(),
      (state) => state === "RUNNING",
    );
    return instance;
  }

  /** It closes, or has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  state(): Promise<string> {
    return this.#process.call("state", { instance: this.name });
  }

  failures(): Promise<string[]> {
    return this.#process.call("failures", { instance: this.name });
  }

  /** As it knows of all instances. */
  places(): Promise<Places> {
    return this.#process.call("places", { instance: this.name });
  }

  /** It leaves its group, and its process ends. Gives whether it closed in time. */
  async close(): Promise<boolean> {
    if (this.#isOver) return true;
    this.#isOver = true;
    const isClosed = await this.#process.call("close", { instance: this.name }, CLOSE_MS);
    await this.#process.stop();
    return isClosed;
  }

  /** Without a word to the broker. */
  die(): void {
    this.#isOver = true;
    this.#process.die();
  }
}

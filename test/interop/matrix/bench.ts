// What a scenario of the matrix is given: a client, a broker, names of its own, and as many processes of the client as it asks for.

import { setTimeout as sleep } from "node:timers/promises";
import { type About, type ClientCalls, ClientProcess, Refusal, withClient } from "../client-process.ts";
import type { ClientName } from "../client-programs.ts";
import type { Observation } from "../compare.ts";
import { waitFor } from "../processes.ts";

export type Call = Exclude<keyof ClientCalls, "about">;

/** Records of scenarios are years old: they must not vanish while one runs. */
export const KEPT_FOR_EVER = { "retention.ms": "-1" };

export class Bench {
  readonly client: ClientName;
  readonly about: About;
  readonly bootstrap: string;
  /** Of topics, groups and ids, or what these begin with: no other client and no other scenario has it. */
  readonly name: string;
  readonly #processes: ClientProcess[] = [];

  constructor(of: { client: ClientName; about: About; bootstrap: string; name: string }) {
    this.client = of.client;
    this.about = of.about;
    this.bootstrap = of.bootstrap;
    this.name = of.name.replaceAll(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "");
  }

  /** A process of the client, which ends with the scenario. */
  async start(): Promise<ClientProcess> {
    const started = await ClientProcess.start(this.client, this.bootstrap);
    this.#processes.push(started);
    return started;
  }

  /**
   * By the client itself, or by kafkajs where it cannot say how the topic is to be. Waits for the leader of each partition: Kafka answers before
   * that, and then some clients send again what other partitions had already taken, or do not look for minutes whether the topic is there.
   */
  async createTopic(process: ClientProcess, args: Parameters<ClientCalls["createTopic"]>[0]): Promise<void> {
    const { lacks } = this.about;
    if (lacks["topic configs"] === undefined) await process.call("createTopic", args);
    else await withClient("kafkajs", this.bootstrap, (other) => other.call("createTopic", args));
    if (lacks.watermarks !== undefined) return;
    const partitions = Array.from({ length: args.partitions }, (_, partition) => partition);
    const ends = (): Promise<Observation> => this.attempt(process, "watermarks", { topic: args.topic, partitions });
    await waitFor("a leader for each partition", ends, (answer) => /^\{"answered"(?!.*:-1)/.test(JSON.stringify(answer)));
  }

  /** What came of a call, or that the client does not have it. */
  async attempt<C extends Call>(process: ClientProcess, call: C, args: Parameters<ClientCalls[C]>[0]): Promise<Observation> {
    const why = this.about.lacks[call];
    if (why !== undefined) return { lacks: why };
    try {
      return { answered: (await process.call(call, args)) as Observation };
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.name, message: withoutIds(error.message) };
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}

/** Producer ids depend on what came before, and each broker has its port. */
function withoutIds(message: string): string {
  return message.replaceAll(/\bId:\d+/g, "Id:…").replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:…");
}

/** Kafka answers before its brokers have forgotten what was and know what is. What is not so in the end shows as it is. */
export async function eventually(ask: () => Promise<Observation>, isSo: (answer: string) => boolean): Promise<Observation> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await ask();
    if (isSo(JSON.stringify(answer))) return answer;
    await sleep(100);
  }
  return ask();
}

export interface Scenario {
  readonly title: string;
  /** Calls without which there is no point in it. */
  readonly needs: readonly Call[];
  run(bench: Bench): Promise<Observation>;
}

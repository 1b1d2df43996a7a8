// Kafka's own assignors (java/KafkaAssignors.java), in a JVM that lives until it is closed.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { KAFKA_REFERENCE } from "../../scripts/kafka-reference.ts";
import { stopChild } from "../interop/processes.ts";
import type { Group, Parts } from "./group.ts";

const PROGRAM = join(import.meta.dirname, "java/KafkaAssignors.java");

export interface Times {
  /** Of the process's first call, if this was its first question. */
  readonly firstMs: number;
  /** Of the thread's CPU, for each call after a while. */
  readonly laterMs: number;
}

export class KafkaAssignors {
  readonly #jvm: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    const env = { ...process.env, KAFKA_LOG_LEVEL: "ERROR" };
    this.#jvm = spawn(KAFKA_REFERENCE, ["java", PROGRAM], { stdio: ["pipe", "pipe", "ignore"], env });
    this.#answers = createInterface({ input: this.#jvm.stdout })[Symbol.asyncIterator]();
  }

  async assign(assignor: string, group: Group): Promise<Parts> {
    const answer = (await this.#ask(question(assignor, group))) as Record<string, number[]>[];
    return answer.map((part) => new Map(Object.entries(part)));
  }

  /** Calls again and again for so long; what later calls take is seen in the second half. */
  async time(assignor: string, group: Group, forMs: number): Promise<Times> {
    return (await this.#ask({ ...question(assignor, group), forMs })) as Times;
  }

  close(): Promise<void> {
    return stopChild(this.#jvm);
  }

  async #ask(asked: object): Promise<unknown> {
    this.#jvm.stdin.write(`${JSON.stringify(asked)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error("the JVM of Kafka's assignors has ended");
    return JSON.parse(answer.value);
  }
}

function question(assignor: string, { topics, members }: Group): object {
  return {
    assignor,
    topics: Object.fromEntries(topics),
    members: members.map(({ memberId, instanceId, rackId, topicIds, current }) => ({
      memberId,
      instanceId,
      rackId,
      topicIds: [...topicIds],
      current: Object.fromEntries(current),
    })),
  };
}

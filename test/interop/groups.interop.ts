// Consumer groups with members in processes of their own: three join, one leaves, one dies, one comes back. What is compared is what every
// client can rely on: each partition has one owner, no record is missed, and committed offsets are where the next owner goes on.

import { join } from "node:path";
import { NODE } from "./broker-under-test.ts";
import { ClientProcess, type RecordToSend } from "./client-process.ts";
import type { ClientName } from "./client-programs.ts";
import { compare, type Observation, type Scenario } from "./compare.ts";
import { runOrThrow, waitFor } from "./processes.ts";

const PARTITIONS = [0, 1, 2, 3, 4, 5];
const RECORDS_PER_PHASE = 5;

/** A group of one topic with six partitions, and what its members have received together. */
class GroupScene {
  readonly #client: ClientName;
  readonly #bootstrap: string;
  readonly #topic: string;
  readonly #group: string;
  readonly #outsider: ClientProcess;
  readonly #members = new Set<ClientProcess>();
  readonly #gone = new Set<ClientProcess>();
  readonly #received = new Set<string>();
  /** Of each partition. */
  #end = 0;

  private constructor(client: ClientName, bootstrap: string, outsider: ClientProcess) {
    this.#client = client;
    this.#bootstrap = bootstrap;
    this.#outsider = outsider;
    this.#topic = `group-of-${client}`;
    this.#group = `${this.#topic}-group`;
  }

  static async open(client: ClientName, bootstrap: string): Promise<GroupScene> {
    const scene = new GroupScene(client, bootstrap, await ClientProcess.start(client, bootstrap));
    await scene.#outsider.call("createTopic", { topic: scene.#topic, partitions: PARTITIONS.length });
    return scene;
  }

  async join(): Promise<ClientProcess> {
    const member = await ClientProcess.start(this.#client, this.#bootstrap);
    this.#members.add(member);
    await member.call("join", { topic: this.#topic, group: this.#group });
    return member;
  }

  async leave(member: ClientProcess): Promise<void> {
    await this.#collect();
    this.#members.delete(member);
    this.#gone.add(member);
    await member.call("leave", {});
  }

  async die(member: ClientProcess): Promise<void> {
    await this.#collect();
    this.#members.delete(member);
    member.die();
  }

  /** How many partitions each member has, once every partition has exactly one owner and every member its share. */
  async shares(): Promise<number[]> {
    const isSettled = (assignments: number[][]): boolean =>
      assignments.flat().toSorted().join() === PARTITIONS.join() && assignments.every((each) => each.length > 0);
    const ask = () => Promise.all([...this.#members].map((member) => member.call("assignment", {})));
    const assignments = await waitFor("an owner for each partition", ask, isSettled);
    return assignments.map((each) => each.length).toSorted((a, b) => a - b);
  }

  /** Sends records to each partition and gives their number when the members have received them all. */
  async deliver(phase: string): Promise<number> {
    const records: RecordToSend[] = PARTITIONS.flatMap((partition) =>
      Array.from({ length: RECORDS_PER_PHASE }, (_, index) => ({
        partition,
        key: null,
        value: `${phase} ${partition}/${index}`,
        timestampMs: Date.now(),
      })),
    );
    await this.#outsider.call("produce", { topic: this.#topic, records });
    this.#end += RECORDS_PER_PHASE;
    const missing = async (): Promise<number> => {
      await this.#collect();
      return records.filter(({ value }) => !this.#received.has(value ?? "")).length;
    };
    await waitFor("the records", missing, (count) => count === 0);
    return records.length;
  }

  /** When all is committed that was delivered. */
  committed(): Promise<Observation> {
    const wanted = (offsets: number[]): boolean => offsets.every((offset) => offset === this.#end);
    const ask = () => this.#outsider.call("committed", { topic: this.#topic, group: this.#group, partitions: PARTITIONS });
    return waitFor("the last offset in each partition", ask, wanted);
  }

  async close(): Promise<void> {
    for (const process of [...this.#members, ...this.#gone, this.#outsider]) await process.stop();
  }

  async #collect(): Promise<void> {
    for (const member of this.#members) {
      for (const { value } of await member.call("received", {})) if (value !== null) this.#received.add(value);
    }
  }
}

/** A member that dies is noticed when its session times out. */
function groupLife(client: ClientName): Scenario {
  return async ({ bootstrap }) => {
    const scene = await GroupScene.open(client, bootstrap);
    try {
      const observed: Record<string, Observation> = {};
      const [first, second] = [await scene.join(), await scene.join()];
      observed["shares of two"] = await scene.shares();
      await scene.join();
      observed["shares of three"] = await scene.shares();
      observed["delivered to three"] = await scene.deliver("three");
      await scene.leave(first);
      observed["shares after one left"] = await scene.shares();
      observed["delivered to two"] = await scene.deliver("two");
      await scene.die(second);
      observed["shares after one died"] = await scene.shares();
      observed["delivered to one"] = await scene.deliver("one");
      await scene.join();
      observed["shares after one came back"] = await scene.shares();
      observed["delivered at last"] = await scene.deliver("last");
      observed["committed at last"] = await scene.committed();
      return observed;
    } finally {
      await scene.close();
    }
  };
}

for (const client of ["kafkajs", "librdkafka", "kafka-python"] as const) {
  compare(`${client}: three members share the partitions, and go on when one leaves and one dies`, groupLife(client));
}

for (const client of ["kafkajs", "librdkafka", "kafka-python"] as const) {
  compare(`${client}: a member goes on where the last one had committed`, async ({ bootstrap }) => {
    const topic = `resumed-by-${client}`;
    const group = `${topic}-group`;
    const outsider = await ClientProcess.start(client, bootstrap);
    await outsider.call("createTopic", { topic, partitions: 1 });
    const observed: Observation[] = [await outsider.call("committed", { topic, group, partitions: [0] })];
    for (const life of ["first", "second", "third"]) {
      const records = Array.from({ length: 10 }, (_, index) => ({
        partition: 0,
        key: null,
        value: `${life} ${index}`,
        timestampMs: Date.now(),
      }));
      await outsider.call("produce", { topic, records });
      const member = await ClientProcess.start(client, bootstrap);
      await member.call("join", { topic, group });
      const received = await waitFor(
        "ten records",
        () => member.call("received", {}),
        (seen) => seen.length >= 10,
      );
      await waitFor(
        "the commit",
        () => outsider.call("committed", { topic, group, partitions: [0] }),
        ([offset]) => offset === (received.at(-1)?.offset ?? -2) + 1,
      );
      await member.call("leave", {});
      await member.stop();
      observed.push({ received, committed: await outsider.call("committed", { topic, group, partitions: [0] }) });
    }
    await outsider.stop();
    return observed;
  });
}

compare("a coordinator refuses members with a stale generation and members that it does not know", async ({ bootstrap }) => {
  const topic = "stale";
  const outsider = await ClientProcess.start("kafkajs", bootstrap);
  await outsider.call("createTopic", { topic, partitions: 1 });
  await outsider.stop();
  return JSON.parse(await runOrThrow(NODE, [join(import.meta.dirname, "node/stale-member.ts"), bootstrap, topic])) as Observation;
});

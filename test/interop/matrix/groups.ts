// Scenarios about groups: members in processes of their own that join, leave, die and come back, and offsets that the next one goes on from.
// What is compared is what every client can rely on: each partition has one owner, no record is missed, and commits hold.

import type { ClientProcess, RecordToSend } from "../client-process.ts";
import type { Observation } from "../compare.ts";
import { waitFor } from "../processes.ts";
import type { Bench, Scenario } from "./bench.ts";

const PARTITIONS = [0, 1, 2, 3, 4, 5];
const RECORDS_PER_PHASE = 5;

function valued(values: readonly string[], partition: number): RecordToSend[] {
  return values.map((value) => ({ partition, key: "key", value, timestampMs: Date.now() }));
}

/** A group of one topic with six partitions, and what its members have received together. */
class GroupScene {
  readonly #bench: Bench;
  readonly #outsider: ClientProcess;
  readonly #members = new Set<ClientProcess>();
  readonly #received = new Set<string>();
  /** Of each partition. */
  #end = 0;

  private constructor(bench: Bench, outsider: ClientProcess) {
    this.#bench = bench;
    this.#outsider = outsider;
  }

  static async open(bench: Bench): Promise<GroupScene> {
    const scene = new GroupScene(bench, await bench.start());
    await scene.#outsider.call("createTopic", { topic: bench.name, partitions: PARTITIONS.length });
    return scene;
  }

  async join(): Promise<ClientProcess> {
    const member = await this.#bench.start();
    this.#members.add(member);
    await member.call("join", { topic: this.#bench.name, group: this.#bench.name });
    return member;
  }

  async leave(member: ClientProcess): Promise<void> {
    await this.#collect();
    this.#members.delete(member);
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
    const numbers = Array.from({ length: RECORDS_PER_PHASE }, (_, index) => index);
    const records = PARTITIONS.flatMap((partition) =>
      valued(
        numbers.map((index) => `${phase} ${partition}/${index}`),
        partition,
      ),
    );
    await this.#outsider.call("produce", { topic: this.#bench.name, records });
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
    const { name } = this.#bench;
    const ask = () => this.#outsider.call("committed", { topic: name, group: name, partitions: PARTITIONS });
    return waitFor("the last offset in each partition", ask, wanted);
  }

  async #collect(): Promise<void> {
    for (const member of this.#members) {
      for (const { value } of await member.call("received", {})) if (value !== null) this.#received.add(value);
    }
  }
}

const members: Scenario = {
  title: "groups with members that come and go",
  needs: ["produce", "join", "received", "assignment", "leave", "committed"],
  async run(bench) {
    const scene = await GroupScene.open(bench);
    const observed: Record<string, Observation> = {};
    const [first, second] = [await scene.join(), await scene.join()];
    observed["shares of two"] = await scene.shares();
    await scene.join();
    observed["shares of three"] = await scene.shares();
    observed["delivered to three"] = await scene.deliver("three");
    await scene.leave(first);
    observed["shares after one left"] = await scene.shares();
    observed["delivered to two"] = await scene.deliver("two");
    // It is missed when its session is over.
    await scene.die(second);
    observed["shares after one died"] = await scene.shares();
    observed["delivered to one"] = await scene.deliver("one");
    await scene.join();
    observed["shares after one came back"] = await scene.shares();
    observed["delivered at last"] = await scene.deliver("last");
    observed["committed at last"] = await scene.committed();
    return observed;
  },
};

const resumption: Scenario = {
  title: "commit and resume",
  needs: ["produce", "join", "received", "leave", "committed"],
  async run(bench) {
    const topic = bench.name;
    const group = bench.name;
    const outsider = await bench.start();
    await outsider.call("createTopic", { topic, partitions: 1 });
    const committed = () => outsider.call("committed", { topic, group, partitions: [0] });
    const observed: Observation[] = [await committed()];
    for (const life of ["first", "second", "third"]) {
      const values = Array.from({ length: 10 }, (_, index) => `${life} ${index}`);
      await outsider.call("produce", { topic, records: valued(values, 0) });
      // The third begins later than the second had ended.
      if (life === "third") {
        observed.push(
          await bench.attempt(outsider, "commit", { topic, group, offsets: [{ partition: 0, offset: 24 }] }),
          await committed(),
        );
      }
      const member = await bench.start();
      await member.call("join", { topic, group });
      const received = await waitFor(
        "the last record",
        () => member.call("received", {}),
        (seen) => seen.at(-1)?.value === `${life} 9`,
      );
      await waitFor("the commit", committed, ([offset]) => offset === (received.at(-1)?.offset ?? -2) + 1);
      await member.call("leave", {});
      observed.push({ received: received.map(({ offset, value }) => `${offset}: ${value}`), committed: await committed() });
    }
    return observed;
  },
};

export const GROUP_SCENARIOS: readonly Scenario[] = [members, resumption];

// What any partition log promises, on the engine of many machines over a bucket and rows in memory.

import { describe } from "vitest";
import type { PartitionLog } from "../../src/storage/partition-log.ts";
import { spec } from "../log/support.ts";
import { type LogBench, partitionLogContract } from "../storage/contracts/partition-log.ts";
import { type Machine, Machines } from "./cluster.ts";

class MachinesBench implements LogBench {
  leaderEpoch = 0;
  readonly #machines = new Machines();
  #machine: Machine = this.#machines.start();

  now = () => this.#machines.clock.now();
  advance = (ms: number) => this.#machines.pass(ms);
  during = <Result>(work: Promise<Result>) => this.#machines.during(work);
  settled = (log: PartitionLog) => this.#machines.settled(log);

  open(overrides?: Readonly<Record<string, string>>, leaderEpoch = this.leaderEpoch): Promise<PartitionLog> {
    this.leaderEpoch = leaderEpoch;
    return this.#machine.engine.open({ ...spec(overrides), leaderEpoch });
  }

  async reopen(overrides?: Readonly<Record<string, string>>, leaderEpoch = this.leaderEpoch + 1): Promise<PartitionLog> {
    await this.#machine.engine.close();
    this.#machine = this.#machines.start();
    return this.open(overrides, leaderEpoch);
  }

  async remove(): Promise<void> {
    await this.during(this.#machine.engine.close());
  }
}

describe("a log in objects", () => partitionLogContract(() => new MachinesBench()));

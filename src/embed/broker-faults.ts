// Everything that a test can make go wrong: faults of requests, of the disk, and of the cluster. The last are ordinary changes of the
// cluster's metadata and ordinary operations of coordinators, at a moment that the test chooses.

import { Errors } from "../../protocol/errors.ts";
import { GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC } from "../cluster/topic-name.ts";
import type { FaultRule } from "../faults/fault-rule.ts";
import type { ApiName, Fault, FaultBuilder, Faults } from "../faults/faults.ts";
import type { FaultyFilesystem } from "../faults/faulty-filesystem.ts";
import type { Network } from "../faults/network.ts";
import type { RunningNode } from "../node.ts";
import { BrokerError } from "./broker-error.ts";
import type { GroupKit } from "./group-kit.ts";

/** Ends a fault that lasts; disposing of it does too. */
export interface LastingFault extends AsyncDisposable {
  heal(): Promise<void>;
}

export interface BrokerFaultsParts {
  readonly node: RunningNode;
  readonly faults: Faults;
  readonly disk: FaultyFilesystem;
  readonly network: Network;
  readonly groups: GroupKit;
}

/** Which of the records that members of a share group have. */
export interface LockedRecords {
  readonly topic: string;
  readonly partition?: number;
  readonly firstOffset?: number;
  /** Inclusive. */
  readonly lastOffset?: number;
}

const FENCE_TIMEOUT_MS = 60_000;
const FENCE_TRIES = 100;
const FENCE_RETRY_MS = 10;

export class BrokerFaults {
  readonly #parts: BrokerFaultsParts;

  constructor(parts: BrokerFaultsParts) {
    this.#parts = parts;
  }

  /** Begins a fault of requests: `on("Fetch").where({ topic }).error("NOT_LEADER_OR_FOLLOWER").times(2)`. */
  on(api: ApiName | "*"): FaultBuilder {
    return this.#parts.faults.on(api);
  }

  /** The same as data. Throws FaultError for what cannot be. */
  add(rule: FaultRule): Fault {
    return this.#parts.faults.add(rule);
  }

  get rules(): readonly FaultRule[] {
    return this.#parts.faults.rules;
  }

  /** Takes back every fault of requests and of the disk; what is held goes on. */
  clear(): void {
    this.#parts.faults.clear();
    this.#parts.disk.delayMs = 0;
    this.#parts.disk.isFull = false;
  }

  /** What waits for the disk (metadata, flush.messages=1, cold reads) takes so much longer. */
  slowDisk(delayMs: number): LastingFault {
    const { disk } = this.#parts;
    disk.delayMs = delayMs;
    return lasting(async () => {
      disk.delayMs = 0;
    });
  }

  /** Nothing more can be stored: producers hear KAFKA_STORAGE_ERROR. */
  fullDisk(): LastingFault {
    const { disk } = this.#parts;
    disk.isFull = true;
    return lasting(async () => {
      disk.isFull = false;
    });
  }

  /** Another broker leads the partition: the one given, or the next replica that is in sync. Gives its id. Throws BrokerError. */
  async moveLeader(topic: string, partition: number, to?: number): Promise<number> {
    const moved = await this.#parts.node.cluster.transact<number | string>((image) => {
      const found = image.topicsByName.get(topic);
      const current = found?.partitions[partition];
      if (found === undefined || current === undefined) return { changes: [], result: `there is no partition ${topic}-${partition}` };
      const next =
        to ?? current.replicas.find((id) => id !== current.leader && current.inSyncReplicas.includes(id) && image.brokers.has(id));
      if (next === undefined)
        return { changes: [], result: `${topic}-${partition} has no other replica that is in sync; name a broker to move it to` };
      if (!image.brokers.has(next)) return { changes: [], result: `broker ${next} is not there` };
      if (next === current.leader) return { changes: [], result: next };
      const replicas = current.replicas.includes(next)
        ? current.replicas
        : current.replicas.map((id) => (id === current.leader ? next : id));
      const inSyncReplicas = replicas.filter((id) => id === next || current.inSyncReplicas.includes(id));
      const changed = { leader: next, leaderEpoch: current.leaderEpoch + 1, replicas, inSyncReplicas };
      return { changes: [{ type: "partition", id: found.id, index: partition, partition: changed }], result: next };
    });
    if (typeof moved === "string") throw new BrokerError(Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE, moved);
    return moved;
  }

  /** Another broker coordinates the group. Gives its id. Throws BrokerError. */
  moveCoordinator(group: string, to?: number): Promise<number> {
    return this.moveLeader(GROUP_OFFSETS_TOPIC, this.#parts.node.broker.services.groups.partitionFor(group), to);
  }

  /** The producer of a transactional id is fenced, as by another that takes the id over; its open transaction is aborted. */
  async fenceProducer(transactionalId: string): Promise<void> {
    const { node } = this.#parts;
    const { transactions, clock } = node.broker.services;
    const partition = transactions.partitionFor(transactionalId);
    const coordinator = node.brokers.find(({ services }) => services.partitions.get(TRANSACTION_STATE_TOPIC, partition) !== undefined);
    if (coordinator === undefined)
      throw new BrokerError(Errors.COORDINATOR_NOT_AVAILABLE, `nobody coordinates the transactional id ${transactionalId}`);
    for (let tries = 1; ; tries++) {
      const { error } = await coordinator.services.transactions.initProducer(transactionalId, {
        timeoutMs: FENCE_TIMEOUT_MS,
        expected: undefined,
      });
      if (error === Errors.NONE) return;
      if (error !== Errors.CONCURRENT_TRANSACTIONS || tries === FENCE_TRIES)
        throw new BrokerError(error, `the producer of ${transactionalId} could not be fenced`);
      await new Promise<void>((resolve) => clock.after(FENCE_RETRY_MS, resolve));
    }
  }

  /** A member is removed as if nothing had been heard of it for its session timeout; without an id every member. */
  expireMember(group: string, memberId?: string): Promise<void> {
    return this.#parts.groups.expire(group, memberId);
  }

  /**
   * The time is over for which members of a share group have records of a topic, of all partitions or one, of all offsets or those given.
   * Gives how many records that were. Throws BrokerError when nobody has any.
   */
  expireLock(group: string, where: LockedRecords): number {
    const { topic, partition, firstOffset = 0, lastOffset = Number.POSITIVE_INFINITY } = where;
    const held = this.#parts.node.brokers.flatMap(({ services }) => services.shares.partitions.of(group));
    const fitting = held.filter(
      (each) => each.partition.topic === topic && (partition === undefined || each.partition.index === partition),
    );
    const count = fitting.reduce((sum, each) => sum + each.expireLocks(firstOffset, lastOffset), 0);
    if (count > 0) return count;
    throw new BrokerError(Errors.INVALID_RECORD_STATE, `no member of group ${group} has a record of ${topic} that fits`);
  }

  /** The members of a group must join again. */
  rebalance(group: string): Promise<void> {
    return this.#parts.groups.rebalance(group);
  }

  /**
   * Brokers of the one side reach none of the other. The smaller side (the second, of two equal ones) is cut off: the others take it for gone
   * at once, so it leaves the in-sync replicas, and what it led goes to replicas that are in sync; brokers that are not named stay with the
   * majority. Clients reach both sides. What they find at a broker that is cut off, and what of it differs from Apache Kafka, is told in
   * src/faults/cut-off-broker.ts and in the README. Throws BrokerError.
   */
  async partitionNetwork(one: readonly number[], other: readonly number[]): Promise<LastingFault> {
    const { node, network } = this.#parts;
    const named = [...one, ...other];
    const unknown = named.find((id) => !node.cluster.image.brokers.has(id) && !network.isCutOff(id));
    if (unknown !== undefined) throw new BrokerError(Errors.BROKER_NOT_AVAILABLE, `broker ${unknown} is not there`);
    if (one.length === 0 || other.length === 0 || new Set(named).size < named.length)
      throw new BrokerError(Errors.INVALID_REQUEST, "a network is cut into two sides of at least one broker, each broker on one of them");
    const cut = network.cut(one.length < other.length ? one : other);
    await node.fenceBrokers([...cut]);
    return lasting(() => node.unfenceBrokers(network.heal(cut)));
  }
}

function lasting(heal: () => Promise<void>): LastingFault {
  return { heal, [Symbol.asyncDispose]: heal };
}

// Reads topics as a member of a share group (KIP-932): each record is its own for a while, and it says what becomes of it. What it passes is
// acknowledged with its next fetch, or at its end; what it has not passed then goes to others.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import type { Brokers } from "./brokers.ts";
import { ClientError, Disconnected } from "./client-error.ts";
import type { Consumer } from "./consumer.ts";
import type { FetchedPartition } from "./partition-fetch.ts";
import { Refusal } from "./refusal.ts";
import { type SharedPartition, ShareMember } from "./share-member.ts";
import { Acknowledgement, type AcquiredRecords, keyOf, ShareSession } from "./share-session.ts";
import { type Address, hostAndPort } from "./socket.ts";
import { nameOf, type TopicPartition } from "./topic-partition.ts";

const RETRY_MS = 100;

export interface ShareConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Of what is passed. */
  readonly acknowledgement: Acknowledgement;
  readonly maxRecords: number;
}

interface Place {
  readonly topic: string;
  readonly leader: Address;
}

/** Handed out, and not passed yet. */
interface HandedOut {
  readonly of: SharedPartition;
  readonly session: ShareSession;
  readonly offsets: number[];
}

export class ShareConsumer implements Consumer {
  readonly #brokers: Brokers;
  readonly #options: ShareConsumerOptions;
  readonly #member: ShareMember;
  readonly #places = new Map<string, Place>();
  /** By leader. */
  readonly #sessions = new Map<string, ShareSession>();
  readonly #inFlight = new Map<string, Promise<void>>();
  readonly #handedOut = new Map<string, HandedOut>();
  #arrived: { readonly session: ShareSession; readonly acquired: AcquiredRecords }[] = [];
  #failure: unknown;

  constructor(brokers: Brokers, options: ShareConsumerOptions) {
    this.#brokers = brokers;
    this.#options = options;
    this.#member = new ShareMember(brokers, options);
  }

  get isReady(): boolean {
    return this.#member.isSettled;
  }

  async poll(maxWaitMs: number): Promise<FetchedPartition[]> {
    await this.#member.join();
    await this.#tolerating(() => this.#findPlaces());
    this.#request(maxWaitMs);
    const waits = [...this.#inFlight.values()];
    if (this.#arrived.length === 0 && this.#failure === undefined)
      await Promise.race(waits.length === 0 ? [delay(Math.min(maxWaitMs, RETRY_MS))] : waits);
    if (this.#failure !== undefined) throw this.#failure;
    const arrived = this.#arrived;
    this.#arrived = [];
    return arrived.flatMap(({ session, acquired }) => this.#handOut(session, acquired));
  }

  passed(partition: TopicPartition, nextOffset: number): void {
    const handedOut = this.#handedOut.get(nameOf(partition));
    if (handedOut === undefined) return;
    const { of, session, offsets } = handedOut;
    while (offsets[0] !== undefined && offsets[0] < nextOffset)
      session.acknowledge(of, offsets.shift() ?? 0, this.#options.acknowledgement);
  }

  /** The record, which was passed last, is for nobody. */
  reject({ offset, ...partition }: TopicPartition & { readonly offset: number }): void {
    const handedOut = this.#handedOut.get(nameOf(partition));
    handedOut?.session.acknowledge(handedOut.of, offset, Acknowledgement.REJECT);
  }

  async close(): Promise<void> {
    await Promise.all(this.#inFlight.values());
    for (const session of this.#sessions.values()) {
      try {
        await session.end();
      } catch (error) {
        // Others get what it has when the connection is closed.
        if (!(error instanceof ClientError)) throw error;
      }
    }
    await this.#member.leave();
    for (const session of this.#sessions.values()) session.close();
  }

  /** From each leader of whom nothing is under way, with what is to be said of what was passed. */
  #request(maxWaitMs: number): void {
    const byLeader = Map.groupBy(this.#member.assigned, (partition) => {
      const place = this.#places.get(keyOf(partition));
      return place === undefined ? undefined : hostAndPort(place.leader);
    });
    for (const name of this.#sessions.keys()) if (!byLeader.has(name)) byLeader.set(name, []);
    for (const [name, partitions] of byLeader) {
      if (name === undefined || this.#inFlight.has(name)) continue;
      const [first] = partitions;
      const address = first === undefined ? undefined : this.#places.get(keyOf(first))?.leader;
      const fetching = this.#tolerating(() => this.#fetch(name, address, partitions, maxWaitMs), name).catch((error: unknown) => {
        this.#failure ??= error;
      });
      this.#inFlight.set(
        name,
        fetching.finally(() => this.#inFlight.delete(name)),
      );
    }
  }

  async #fetch(name: string, address: Address | undefined, partitions: readonly SharedPartition[], maxWaitMs: number): Promise<void> {
    let session = this.#sessions.get(name);
    if (session === undefined) {
      if (address === undefined) return;
      const { groupId } = this.#options;
      session = new ShareSession(await this.#brokers.another(address), { groupId, memberId: this.#member.id });
      this.#sessions.set(name, session);
    }
    const acquired = await session.fetch(partitions, { maxWaitMs, maxRecords: this.#options.maxRecords });
    for (const each of acquired) {
      if (each.errorCode === Errors.NONE) this.#arrived.push({ session, acquired: each });
      else if (isRetriable(each.errorCode)) this.#places.delete(keyOf(each));
      else throw new Refusal(each.errorCode, `partition ${each.partition}`, null);
    }
    if (acquired.some(({ errorCode }) => errorCode !== Errors.NONE)) await delay(RETRY_MS);
  }

  #handOut(session: ShareSession, { topicId, partition, records, isLogAppendTime }: AcquiredRecords): FetchedPartition[] {
    const topic = this.#places.get(keyOf({ topicId, partition }))?.topic;
    const last = records.at(-1);
    if (topic === undefined || last === undefined) return [];
    const offsets = records.map(({ offset }) => offset);
    this.#handedOut.set(nameOf({ topic, partition }), { of: { topicId, partition }, session, offsets });
    const offset = records[0]?.offset ?? 0;
    const position = { topic, partition, offset, errorCode: Errors.NONE };
    return [{ ...position, records, nextOffset: last.offset + 1, lastLeaderEpoch: undefined, isLogAppendTime }];
  }

  async #findPlaces(): Promise<void> {
    const missing = this.#member.assigned.filter((partition) => !this.#places.has(keyOf(partition)));
    if (missing.length === 0) return;
    const topics = [...new Set(missing.map(({ topicId }) => topicId))].map((topicId) => ({ topicId, name: null }));
    const answer = await this.#brokers.ask(metadata, 12, { topics, allowAutoTopicCreation: false });
    const addresses = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const { topicId, name, partitions } of answer.topics) {
      for (const { partitionIndex, leaderId } of partitions) {
        const leader = addresses.get(leaderId);
        if (leader !== undefined && name !== null) this.#places.set(keyOf({ topicId, partition: partitionIndex }), { topic: name, leader });
      }
    }
  }

  /** A broker that is away is no failure: its partitions are looked for elsewhere, its session is over. */
  async #tolerating(work: () => Promise<void>, leader?: string): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      if (leader !== undefined) this.#sessions.delete(leader);
      for (const [key, place] of this.#places) if (hostAndPort(place.leader) === leader) this.#places.delete(key);
      await delay(RETRY_MS);
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

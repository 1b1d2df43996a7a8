// Members of groups of the consumer protocol (KIP-848) for tests of the kit: our own consumer, and one whose heartbeats the test sends itself.

import { onTestFinished } from "vitest";
import { consumerGroupDescribe, consumerGroupHeartbeat, findCoordinator } from "../../protocol/messages/index.ts";
import type { Encodable } from "../../protocol/schema/field.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { FROM_EARLIEST, GROUP_DEFAULTS, GroupConsumer, type GroupOptions } from "../../src/client/consumer.ts";
import type { RunningBroker } from "../../src/index.ts";
import { RawClient } from "../support/raw-client.ts";

const GROUP_KEY = 0;

export interface RunningConsumer {
  /** Values, as they come. */
  readonly seen: string[];
  /** Stores how far it came, and leaves. */
  stop(): Promise<void>;
}

/** Consumes in the background until the test ends, or it is stopped. */
export function consumeNewer(
  broker: RunningBroker,
  groupId: string,
  topics: readonly string[],
  options: Partial<GroupOptions> & { readonly clientId?: string } = {},
): RunningConsumer {
  const { clientId = "newer", ...others } = options;
  const brokers = new Brokers(broker.bootstrapServers, { clientId });
  const consumer = new GroupConsumer(brokers, {
    ...GROUP_DEFAULTS,
    protocol: "consumer",
    groupId,
    isCommittedOnly: true,
    offsetReset: FROM_EARLIEST,
    commitIntervalMs: 20,
    wantedTopics: async () => topics,
    ...others,
  });
  const seen: string[] = [];
  let isStopping = false;
  const running = (async () => {
    while (!isStopping) {
      for (const { topic, partition, records, nextOffset } of await consumer.poll(50)) {
        for (const { value } of records) seen.push(String(value));
        consumer.passed({ topic, partition }, nextOffset);
      }
    }
    await consumer.close();
  })().finally(() => brokers.close());
  const stop = () => {
    isStopping = true;
    return running;
  };
  onTestFinished(stop);
  return { seen, stop };
}

type Body = Partial<Encodable<(typeof consumerGroupHeartbeat)["request"]["struct"]["shape"]>>;

/** A member that says what it is told to, on a connection of its own. */
export class RawMember {
  readonly memberId: string;
  epoch = 0;
  readonly #client: RawClient;
  readonly #groupId: string;

  private constructor(client: RawClient, groupId: string, memberId: string) {
    this.#client = client;
    this.#groupId = groupId;
    this.memberId = memberId;
  }

  static async connect(broker: RunningBroker, groupId: string, memberId: string): Promise<RawMember> {
    const client = await RawClient.connect(broker.port, "127.0.0.1", `client-${memberId}`);
    onTestFinished(() => client.close());
    // Looking for it makes the topic of groups.
    await client.call(findCoordinator, 4, { keyType: GROUP_KEY, coordinatorKeys: [groupId] });
    return new RawMember(client, groupId, memberId);
  }

  join(topics: readonly string[] | null, body: Body = {}) {
    return this.beat({ memberEpoch: 0, rebalanceTimeoutMs: 60_000, subscribedTopicNames: topics, topicPartitions: [], ...body });
  }

  async beat(body: Body = {}) {
    const whole = { groupId: this.#groupId, memberId: this.memberId, memberEpoch: this.epoch, ...body };
    const answer = await this.#client.call(consumerGroupHeartbeat, 1, whole);
    if (answer === undefined) throw new Error("the connection was closed");
    if (answer.errorCode === 0) this.epoch = answer.memberEpoch;
    return answer;
  }

  async describe(...groupIds: string[]) {
    const answer = await this.#client.call(consumerGroupDescribe, 1, { groupIds, includeAuthorizedOperations: false });
    if (answer === undefined) throw new Error("the connection was closed");
    return answer;
  }

  /** As a process that dies. */
  die(): void {
    this.#client.socket.destroy();
  }
}

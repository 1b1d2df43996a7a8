// A member of a streams group beside a transcript, by bare heartbeats: it reads a topic, repartitions it and keeps state, and says that it has
// whatever it is told to have.

import { findCoordinator, streamsGroupHeartbeat } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { RawClient } from "../support/raw-client.ts";
import { waitFor } from "./processes.ts";

type Tasks = NonNullable<DecodedMessage<typeof streamsGroupHeartbeat.response>["activeTasks"]>;

const JOINING = 0;
const LEAVING = -1;
const NO_CONFIGS = { partitions: 0, replicationFactor: 0, topicConfigs: [] };

export class StreamsGroupMember {
  readonly group: string;
  readonly #name: string;
  readonly #topic: string;
  readonly #client: RawClient;
  #epoch = JOINING;
  #active: Tasks = [];

  private constructor(client: RawClient, name: string, { topic, group }: { readonly topic: string; readonly group: string }) {
    this.#client = client;
    this.#name = name;
    this.#topic = topic;
    this.group = group;
  }

  static async join(
    bootstrap: string,
    name: string,
    reading: { readonly topic: string; readonly group: string },
  ): Promise<StreamsGroupMember> {
    const client = await RawClient.connect(Number(bootstrap.split(":")[1]));
    await waitFor(
      `a coordinator of ${reading.group}`,
      () => client.call(findCoordinator, 4, { keyType: 0, coordinatorKeys: [reading.group] }),
      (found) => found?.coordinators[0]?.errorCode === 0,
    );
    const member = new StreamsGroupMember(client, name, reading);
    await waitFor(
      `${name} in ${reading.group}`,
      () => member.beat(),
      (error) => error === 0,
    );
    return member;
  }

  /** Gives its error code. */
  async beat(): Promise<number> {
    const isJoining = this.#epoch === JOINING;
    const answer = await this.#client.call(streamsGroupHeartbeat, 0, {
      groupId: this.group,
      memberId: this.#name,
      memberEpoch: this.#epoch,
      endpointInformationEpoch: -1,
      activeTasks: isJoining ? [] : this.#active,
      standbyTasks: [],
      warmupTasks: [],
      ...(isJoining ? { rebalanceTimeoutMs: 60_000, processId: `process-${this.#name}`, topology: this.#topology() } : {}),
    });
    if (answer?.errorCode !== 0) return answer?.errorCode ?? -1;
    this.#epoch = answer.memberEpoch;
    this.#active = answer.activeTasks ?? this.#active;
    return 0;
  }

  async leave(): Promise<void> {
    await this.#client.call(streamsGroupHeartbeat, 0, {
      groupId: this.group,
      memberId: this.#name,
      memberEpoch: LEAVING,
      endpointInformationEpoch: -1,
    });
    this.#client.close();
  }

  #topology() {
    const again = `${this.group}-again-repartition`;
    const nothing = {
      sourceTopics: [],
      sourceTopicRegex: [],
      stateChangelogTopics: [],
      repartitionSinkTopics: [],
      repartitionSourceTopics: [],
    };
    return {
      epoch: 0,
      subtopologies: [
        { ...nothing, subtopologyId: "0", sourceTopics: [this.#topic], repartitionSinkTopics: [again], copartitionGroups: [] },
        {
          ...nothing,
          subtopologyId: "1",
          repartitionSourceTopics: [{ name: again, ...NO_CONFIGS }],
          stateChangelogTopics: [{ name: `${this.group}-store-changelog`, ...NO_CONFIGS }],
          copartitionGroups: [],
        },
      ],
    };
  }
}

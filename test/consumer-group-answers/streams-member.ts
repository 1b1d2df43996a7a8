// A member of a streams group, request by request: it remembers its epoch and the tasks that it was told to have.

import { streamsGroupHeartbeat } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import type { Stage } from "./stage.ts";

type HeartbeatRequest = EncodableMessage<typeof streamsGroupHeartbeat.request>;
export type StreamsAnswer = DecodedMessage<typeof streamsGroupHeartbeat.response>;
type Topology = NonNullable<HeartbeatRequest["topology"]>;

/** Partitions by subtopology. */
export type Tasks = Readonly<Record<string, readonly number[]>>;

interface Owned {
  readonly active?: Tasks | null;
  readonly standby?: Tasks | null;
  readonly warmup?: Tasks | null;
}

const NOTHING: Owned = { active: {}, standby: {}, warmup: {} };

/** Of an internal topic: a count of 0 is the coordinator's to decide. */
export type Internal = Readonly<
  Record<string, number | { readonly partitions: number; readonly configs: Readonly<Record<string, string>> }>
>;

export interface Subtopology {
  readonly sources?: readonly string[];
  readonly sinks?: readonly string[];
  readonly repartitions?: Internal;
  readonly changelogs?: Internal;
  /** Indexes of sources and of repartition topics. */
  readonly copartitions?: readonly (readonly [sources: readonly number[], repartitions: readonly number[]])[];
  readonly regex?: readonly string[];
}

/** By id, and at epoch 0 unless said otherwise. Names stand without the scenario's prefix. */
export interface Plan {
  readonly epoch?: number;
  readonly subtopologies: Readonly<Record<string, Subtopology>>;
}

export interface StreamsBeat {
  readonly epoch?: number;
  readonly owns?: Owned | "told";
  readonly plan?: Plan;
  readonly process?: string | null;
  readonly instance?: string;
  readonly rack?: string;
  readonly timeout?: number;
  readonly group?: string;
  readonly memberId?: string;
  readonly endpoint?: { readonly host: string; readonly port: number };
  readonly endpointEpoch?: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly shutdown?: boolean;
  readonly offsets?: HeartbeatRequest["taskOffsets"];
  readonly endOffsets?: HeartbeatRequest["taskEndOffsets"];
}

export class StreamsMember {
  readonly #stage: Stage;
  readonly #always: StreamsBeat;
  readonly memberId: string;
  epoch = 0;
  endpointEpoch = 0;
  /** As last told. */
  told: Owned = NOTHING;

  constructor(stage: Stage, memberId: string, always: StreamsBeat) {
    this.#stage = stage;
    this.memberId = memberId;
    this.#always = always;
  }

  join(beat: StreamsBeat = {}): Promise<StreamsAnswer> {
    return this.beat({ epoch: 0, timeout: 60_000, owns: NOTHING, process: `process of ${this.memberId}`, ...this.#always, ...beat });
  }

  async beat(beat: StreamsBeat = {}): Promise<StreamsAnswer> {
    const body = this.#request(beat);
    const answer = await this.#stage.quietly(streamsGroupHeartbeat, 0, body);
    this.#take(answer);
    this.#stage.keep(streamsGroupHeartbeat, 0, body, answer);
    return answer;
  }

  /** Heartbeats until the answer is as wanted. */
  until(
    isWanted: (answer: StreamsAnswer) => boolean,
    options: { readonly beat?: StreamsBeat; readonly keeps?: "all" | "last"; readonly deadlineMs?: number } = {},
  ): Promise<StreamsAnswer> {
    const { beat = {}, ...others } = options;
    const request = { api: streamsGroupHeartbeat, version: 0, body: () => this.#request(beat) };
    return this.#stage.until(isWanted, request, { ...others, onAnswer: (answer) => this.#take(answer) });
  }

  leave(beat: StreamsBeat = {}): Promise<StreamsAnswer> {
    return this.beat({ epoch: -1, ...beat });
  }

  #request(beat: StreamsBeat): HeartbeatRequest {
    const { group = this.#always.group ?? "g", plan, instance, rack, timeout, endpoint, tags } = beat;
    const owned = beat.owns === "told" ? this.told : beat.owns;
    return {
      groupId: group === "" ? "" : this.#stage.name(group),
      memberId: beat.memberId ?? this.memberId,
      memberEpoch: beat.epoch ?? this.epoch,
      endpointInformationEpoch: beat.endpointEpoch ?? this.endpointEpoch,
      ...(instance === undefined ? {} : { instanceId: instance }),
      ...(rack === undefined ? {} : { rackId: rack }),
      ...(timeout === undefined ? {} : { rebalanceTimeoutMs: timeout }),
      ...(plan === undefined ? {} : { topology: this.#topology(plan) }),
      ...tasksOf("activeTasks", owned?.active),
      ...tasksOf("standbyTasks", owned?.standby),
      ...tasksOf("warmupTasks", owned?.warmup),
      ...(beat.process === undefined ? {} : { processId: beat.process }),
      ...(endpoint === undefined ? {} : { userEndpoint: endpoint }),
      ...(tags === undefined ? {} : { clientTags: pairs(tags) }),
      ...(beat.offsets === undefined ? {} : { taskOffsets: beat.offsets }),
      ...(beat.endOffsets === undefined ? {} : { taskEndOffsets: beat.endOffsets }),
      ...(beat.shutdown === undefined ? {} : { shutdownApplication: beat.shutdown }),
    };
  }

  #topology({ epoch = 0, subtopologies }: Plan): Topology {
    return {
      epoch,
      subtopologies: Object.entries(subtopologies).map(([subtopologyId, subtopology]) => ({
        subtopologyId,
        sourceTopics: this.#names(subtopology.sources),
        sourceTopicRegex: [...(subtopology.regex ?? [])],
        stateChangelogTopics: this.#internal(subtopology.changelogs),
        repartitionSinkTopics: this.#names(subtopology.sinks),
        repartitionSourceTopics: this.#internal(subtopology.repartitions),
        copartitionGroups: (subtopology.copartitions ?? []).map(([sourceTopics, repartitionSourceTopics]) => ({
          sourceTopics,
          sourceTopicRegex: [],
          repartitionSourceTopics,
        })),
      })),
    };
  }

  #names(names: readonly string[] = []): string[] {
    return names.map((name) => (name.startsWith("__") || name.includes(" ") ? name : this.#stage.name(name)));
  }

  #internal(topics: Internal = {}) {
    return Object.entries(topics).map(([name, given]) => {
      const { partitions, configs } = typeof given === "number" ? { partitions: given, configs: {} } : given;
      return { name: this.#names([name])[0] ?? "", partitions, replicationFactor: 0, topicConfigs: pairs(configs) };
    });
  }

  #take(answer: StreamsAnswer): void {
    if (answer.errorCode !== 0) return;
    this.epoch = answer.memberEpoch;
    this.endpointEpoch = answer.endpointInformationEpoch;
    if (answer.activeTasks === null) return;
    this.told = { active: bySubtopology(answer.activeTasks), standby: bySubtopology(answer.standbyTasks), warmup: {} };
  }
}

function tasksOf(field: "activeTasks" | "standbyTasks" | "warmupTasks", tasks: Tasks | null | undefined) {
  if (tasks === null || tasks === undefined) return {};
  return { [field]: Object.entries(tasks).map(([subtopologyId, partitions]) => ({ subtopologyId, partitions })) };
}

function bySubtopology(tasks: StreamsAnswer["activeTasks"]): Tasks {
  return Object.fromEntries((tasks ?? []).map(({ subtopologyId, partitions }) => [subtopologyId, partitions]));
}

function pairs(of: Readonly<Record<string, string>>) {
  return Object.entries(of).map(([key, value]) => ({ key, value }));
}

/** Tells that nothing stands in the way of a group. */
export function isClear({ errorCode, status }: StreamsAnswer): boolean {
  return errorCode === 0 && (status ?? []).length === 0;
}

export function hasTasks(answer: StreamsAnswer): boolean {
  return isClear(answer) && (answer.activeTasks ?? []).length > 0;
}

// Groups as a test sees them: members with what they are assigned, committed offsets with their lag. Asked of the coordinator by its own
// operations, without a client.

import { Errors } from "../../protocol/errors.ts";
import { GROUP_OFFSETS_TOPIC } from "../cluster/topic-name.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import type { GroupSummary, MemberSummary } from "../coordinator/group/group-summary.ts";
import type { GroupRequestContext } from "../coordinator/group/request-context.ts";
import { describeShareGroupOffsetsRequest } from "../coordinator/group/requests/describe-share-group-offsets.ts";
import { listGroupsRequest } from "../coordinator/group/requests/list-groups.ts";
import { offsetFetchRequest } from "../coordinator/group/requests/offset-fetch.ts";
import type { RunningNode } from "../node.ts";
import { EVERYTHING } from "../security/access.ts";
import type { Permission } from "../security/permission.ts";
import { BrokerError } from "./broker-error.ts";
import { firstUnread } from "./records.ts";
import type { TopicKit } from "./topic-kit.ts";

/** What it has, what it is to have, what it subscribes to and by which protocol, and the epoch that it has come to. */
export interface GroupMember extends Omit<MemberSummary, "memberId" | "clientHost"> {
  readonly id: string;
  /** As "/127.0.0.1". */
  readonly host: string;
}

export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  /** `undefined`: nothing was committed. Of a share group its start, the first offset that it is not done with. */
  readonly committed: number | undefined;
  /** The offset after the last record. */
  readonly end: number;
  /** Offsets from the committed one, or the first there is, to the end; of a share group without those that it is done with. */
  readonly lag: number;
}

export interface GroupView {
  readonly id: string;
  /**
   * "consumer" of the protocol of KIP-848 (`group.protocol=consumer`), "classic" of the one before, "share" of a share group, "streams" of KIP-1071; `undefined` when there
   * is no such group.
   */
  readonly type: GroupSummary["kind"] | undefined;
  /** Kafka's states; "Dead" when there is no such group, "Unavailable" when its coordinator is not there. */
  readonly state: GroupSummary["state"] | "Dead" | "Unavailable";
  /** Rises with every change of members, subscriptions or topics; of a classic group the generation. */
  readonly epoch: number;
  /** The epoch for which it was last decided who is to have what; of a classic group the generation. */
  readonly targetEpoch: number;
  /** Who decides that: of the broker's, or the one that the members of a classic group agreed on. */
  readonly assignor: string;
  readonly members: readonly GroupMember[];
  /** Of partitions with committed offsets and of those that members have or are to have. */
  readonly offsets: readonly GroupOffset[];
  /** The sum over all partitions. */
  readonly lag: number;
}

type PartitionKey = { readonly topic: string; readonly partition: number };

export class GroupKit {
  readonly #node: RunningNode;
  readonly #topics: TopicKit;

  constructor(node: RunningNode, topics: TopicKit) {
    this.#node = node;
    this.#topics = topics;
  }

  /** Ids of all groups. */
  list(): string[] {
    const ids = this.#node.brokers.flatMap(({ services }) => {
      const { groups } = listGroupsRequest.handle(services.groups.parts, { statesFilter: [], typesFilter: [] }, CONTEXT);
      return groups.map(({ groupId }) => groupId);
    });
    return ids.sort();
  }

  async get(id: string): Promise<GroupView> {
    const coordinator = this.#coordinator(id);
    if (coordinator === undefined)
      return this.#none(id, this.#node.cluster.image.topicsByName.has(GROUP_OFFSETS_TOPIC) ? "Unavailable" : "Dead");
    const summary = coordinator.summary(id);
    if (typeof summary === "number") return this.#none(id, summary === Errors.GROUP_ID_NOT_FOUND ? "Dead" : "Unavailable");
    const { kind: type, state, epoch, targetEpoch, assignor } = summary;
    const members = summary.members.map(({ memberId, clientHost: host, ...member }) => ({ ...member, id: memberId, host }));
    const kept = type === "share" ? await this.#starts(id, coordinator) : await this.#committed(id, coordinator);
    const offsets = this.#withAssigned(kept, members);
    const lag = offsets.reduce((sum, each) => sum + each.lag, 0);
    return { id, type, state, epoch, targetEpoch, assignor, members, offsets, lag };
  }

  /** What has to happen before the group is stable, a sentence each; none for one that is. */
  obstacles(id: string): string[] {
    return this.#coordinator(id)?.obstacles(id) ?? [];
  }

  /** The first record that the group has still to commit, of each partition that has one. */
  async unread(
    group: GroupView,
    until?: (partition: PartitionKey) => number | undefined,
  ): Promise<(GroupOffset & { readonly next: number })[]> {
    const found: (GroupOffset & { readonly next: number })[] = [];
    for (const offset of group.offsets) {
      if (offset.lag === 0) continue;
      const partition = this.#topics.partition(offset.topic, offset.partition);
      if (partition === undefined) {
        found.push({ ...offset, next: offset.committed ?? 0 });
        continue;
      }
      const record = await firstUnread(partition, offset.committed ?? 0, until?.(offset));
      if (record !== undefined) found.push({ ...offset, next: record.offset });
    }
    return found;
  }

  /** Partitions of a topic as the group stands to them, also those that it knows nothing of. */
  withTopic(group: GroupView, topic: string): GroupView {
    const count = this.#topics.get(topic)?.partitions.length ?? 0;
    const known = group.offsets.filter((each) => each.topic === topic);
    const all = Array.from(
      { length: count },
      (_, partition) => known.find((each) => each.partition === partition) ?? this.#offset({ topic, partition }, undefined),
    );
    return { ...group, offsets: all, lag: all.reduce((sum, each) => sum + each.lag, 0) };
  }

  /** Removes a member as if its session had ended; without an id every member. Throws BrokerError. */
  async expire(groupId: string, memberId?: string): Promise<void> {
    const { members } = await this.get(groupId);
    const leaving = members.filter(({ id }) => memberId === undefined || id === memberId);
    const coordinator = this.#coordinator(groupId);
    if (leaving.length === 0 || coordinator === undefined)
      throw new BrokerError(
        Errors.UNKNOWN_MEMBER_ID,
        `group ${groupId} has no member ${memberId ?? ""}; it has ${members.map(({ id }) => id).join(", ") || "none"}`,
      );
    const error = await coordinator.expire(
      groupId,
      leaving.map(({ id }) => id),
    );
    if (error !== Errors.NONE) throw new BrokerError(error, `the session of a member of group ${groupId} could not be ended`);
  }

  /** Has it decided anew who is to have what: in a classic group the members join again. Throws BrokerError. */
  async rebalance(groupId: string): Promise<void> {
    const error = (await this.#coordinator(groupId)?.rebalance(groupId)) ?? Errors.COORDINATOR_NOT_AVAILABLE;
    if (error !== Errors.NONE)
      throw new BrokerError(error, `group ${groupId} cannot rebalance: there is no such group, or its coordinator is not there`);
  }

  #coordinator(groupId: string): GroupCoordinator | undefined {
    const partition = this.#node.broker.services.groups.partitionFor(groupId);
    return this.#node.brokers.find(({ services }) => services.partitions.get(GROUP_OFFSETS_TOPIC, partition) !== undefined)?.services
      .groups;
  }

  #none(id: string, state: GroupView["state"]): GroupView {
    return { id, type: undefined, state, epoch: 0, targetEpoch: 0, assignor: "", members: [], offsets: [], lag: 0 };
  }

  /** Where a share group starts in each partition that it has state of, and how many records from there on it is not done with, as stored. */
  async #starts(groupId: string, { parts }: GroupCoordinator): Promise<GroupOffset[]> {
    const request = { groups: [{ groupId, topics: null }] };
    const { groups } = await describeShareGroupOffsetsRequest.handle(parts, request, { ...CONTEXT, apiVersion: 1 });
    return (groups[0]?.topics ?? []).flatMap(({ topicName: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, startOffset, lag = -1 }) => {
        const offset = this.#offset({ topic, partition }, startOffset < 0 ? undefined : startOffset);
        return lag === -1 ? offset : { ...offset, lag: Math.max(0, lag) };
      }),
    );
  }

  async #committed(groupId: string, coordinator: GroupCoordinator): Promise<GroupOffset[]> {
    const request = {
      groupId: "",
      topics: null,
      groups: [{ groupId, memberId: null, memberEpoch: -1, topics: null }],
      requireStable: false,
    };
    const answer = await offsetFetchRequest.handle(coordinator.parts, request, { ...CONTEXT, apiVersion: 8 });
    return (answer.groups?.[0]?.topics ?? []).flatMap(({ name: topic = "", partitions }) =>
      partitions.map(({ partitionIndex: partition, committedOffset }) =>
        this.#offset({ topic, partition }, committedOffset < 0 ? undefined : committedOffset),
      ),
    );
  }

  #withAssigned(kept: readonly GroupOffset[], members: readonly GroupMember[]): GroupOffset[] {
    const all = new Map(kept.map((offset) => [keyOf(offset), offset]));
    for (const { assignment, target } of members) {
      for (const { topic, partitions } of [...assignment, ...target]) {
        for (const partition of partitions) {
          const key = keyOf({ topic, partition });
          if (!all.has(key)) all.set(key, this.#offset({ topic, partition }, undefined));
        }
      }
    }
    return [...all.values()].sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  }

  #offset({ topic, partition: index }: PartitionKey, committed: number | undefined): GroupOffset {
    const partition = this.#topics.partition(topic, index);
    const end = partition?.highWatermark ?? committed ?? 0;
    const start = Math.max(committed ?? 0, partition?.logStartOffset ?? 0);
    return { topic, partition: index, committed, end, lag: Math.max(0, end - start) };
  }
}

const CONTEXT: GroupRequestContext<Permission> = {
  apiVersion: 5,
  clientId: "",
  clientHost: "",
  connection: { isClosed: false, onClose: () => () => undefined },
  access: EVERYTHING,
};

function keyOf({ topic, partition }: PartitionKey): string {
  return `${topic} ${partition}`;
}

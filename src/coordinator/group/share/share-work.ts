// What share groups do besides answering: the sessions of their members, and the state of their partitions, which the share coordinator keeps.
//
// The state of partitions begins after the heartbeat that needs it was answered. Those that could not begin are taken from the list of the
// initializing ones, and the next heartbeat asks again; so does the first one after a load for all that were listed then.

import { Deadline } from "../../deadline.ts";
import { answer, type Decision } from "../../decision.ts";
import { noteChange } from "../epoch-timeline.ts";
import type { Group } from "../group.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord, ShareRecord } from "../group-record.ts";
import { withoutShareMembers } from "./departure.ts";
import type { ShareGroup, ShareGroupParts } from "./share-group.ts";
import type { ShareMember } from "./share-member.ts";
import { askForEach, namesOfShared } from "./share-states.ts";
import { forgotten, type SharedPartitions, type TopicsShared, withInitialized, withoutInitializing } from "./shared-partitions.ts";

export interface ShareWorkOptions {
  readonly environment: GroupEnvironment;
  readonly group: (groupId: string) => Group | undefined;
  /** Runs an operation on the shard that the groups belong to. */
  readonly run: (operation: () => Decision<GroupRecord, void>) => void;
}

const RETRY_MS = 1000;
/** The leader of each partition decides where the group begins. */
const UNDECIDED = -1;

export class ShareWork implements ShareGroupParts {
  readonly #environment: GroupEnvironment;
  readonly #group: ShareWorkOptions["group"];
  readonly #run: ShareWorkOptions["run"];

  constructor({ environment, group, run }: ShareWorkOptions) {
    this.#environment = environment;
    this.#group = group;
    this.#run = run;
  }

  groupNow(groupId: string): ShareGroup | undefined {
    const group = this.#group(groupId);
    return group?.kind === "share" ? group : undefined;
  }

  nowMs(): number {
    return this.#environment.clock.now();
  }

  // ---- members

  session(groupId: string, memberId: string): Deadline {
    return new Deadline(this.#environment.clock, () =>
      this.#run(() => {
        const group = this.groupNow(groupId);
        const member = group?.members.get(memberId);
        return group === undefined || member === undefined ? answer(undefined) : this.endSessions(group, [member]);
      }),
    );
  }

  heard({ groupId }: ShareGroup, { session }: ShareMember): void {
    session.set(this.#environment.groupSettings(groupId)["share.session.timeout.ms"]);
  }

  /** Sessions begin anew. */
  loaded(group: ShareGroup): void {
    for (const member of group.members.values()) this.heard(group, member);
    group.isMetadataStale = true;
    // Nothing has happened that members have yet to hear of.
    group.changedAtMs = undefined;
  }

  /** Of members that were not heard of in time, or are treated as if they were not. */
  endSessions(group: ShareGroup, members: readonly ShareMember[]): Decision<GroupRecord, void> {
    const { groupId } = group;
    const sessionTimeoutMs = this.#environment.groupSettings(groupId)["share.session.timeout.ms"];
    const facts = { group: groupId, members: members.map(({ memberId }) => memberId), sessionTimeoutMs };
    return {
      records: withoutShareMembers(this.#environment, group, members),
      applied: () => {
        this.#environment.logger.info(facts, "removed members that were not heard of in time");
        noteChange(this.#environment.timeline, group, { kind: "sessionExpired", text: "a member was not heard of in time", members });
      },
      refused: () => {
        for (const { session } of members) session.set(RETRY_MS);
      },
    };
  }

  /** The next heartbeat has everybody's target computed anew. */
  rebalance(group: ShareGroup): Decision<GroupRecord, void> {
    const { groupId, metadataHash } = group;
    const next = group.epoch + 1;
    return {
      records: [{ type: "shareGroup", groupId, value: { epoch: next, metadataHash } }],
      applied: () => {
        this.#environment.logger.info({ group: groupId, epoch: next, reason: "it was asked for" }, "group is to rebalance");
        noteChange(this.#environment.timeline, group, { kind: "asked", text: "it was asked for" });
      },
    };
  }

  // ---- partitions

  /** From now on nobody else asks for the state of these to begin. */
  toBegin(group: ShareGroup, topics: TopicsShared): void {
    for (const name of namesOfShared(topics)) group.beginning.add(name);
  }

  notBegun(groupId: string, topics: TopicsShared): void {
    const group = this.groupNow(groupId);
    if (group === undefined) return;
    for (const name of namesOfShared(topics)) group.beginning.delete(name);
    group.arePartitionsStale = true;
  }

  /** Has their state begin, with nothing decided. */
  begin(groupId: string, topics: TopicsShared): void {
    const group = this.groupNow(groupId);
    if (group !== undefined && topics.size > 0) void this.#begin(group, topics);
  }

  async #begin(group: ShareGroup, topics: TopicsShared): Promise<void> {
    const { groupId, epoch: stateEpoch } = group;
    const { shareStates, logger } = this.#environment;
    const { done, failed, refusals } = await askForEach(groupId, topics, (key) =>
      shareStates.initialize(key, { stateEpoch, startOffset: UNDECIDED }),
    );
    if (failed.size > 0) {
      const [why] = refusals.values();
      logger.warn(
        { group: groupId, topics: [...failed.values()], ...why },
        "the state of share partitions did not begin; it is asked for again",
      );
    }
    for (const name of namesOfShared(topics)) group.beginning.delete(name);
    // The shard was loaded anew, or the group deleted and made again.
    this.#change(groupId, (shared, now) => (now === group ? withoutInitializing(withInitialized(shared, done), failed) : shared));
  }

  /** Topics were deleted: their share coordinators remove the state themselves. */
  topicsDeleted(group: ShareGroup, names: ReadonlySet<string>): void {
    const { topics } = this.#environment;
    this.#change(group.groupId, (shared) => forgotten(shared, (topicId, name) => names.has(name) && topics.nameOf(topicId) === undefined));
  }

  #change(groupId: string, change: (shared: SharedPartitions, now: ShareGroup) => SharedPartitions): void {
    this.#run(() => {
      const group = this.groupNow(groupId);
      const partitions = group === undefined ? undefined : change(group.partitions, group);
      const isSame = partitions === undefined || partitions === group?.partitions;
      const records: ShareRecord[] = isSame ? [] : [{ type: "sharePartitions", groupId, partitions }];
      return { records, applied: () => undefined };
    });
  }
}

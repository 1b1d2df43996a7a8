// What a group of the consumer protocol does besides answering heartbeats: when time passes or a connection closes, and what takes too long to
// be done while somebody waits. Each ends in an operation of its own on the shard, decided when it comes: the group may have changed.

import { Slices } from "../../../base/slices.ts";
import { Deadline } from "../../deadline.ts";
import { answer, type Decision } from "../../decision.ts";
import type { Assignment } from "../assignors/assignor.ts";
import type { ClassicGroup } from "../classic/classic-group.ts";
import { ConnectionLink } from "../connection-link.ts";
import { isOverdue, watchLinks } from "../disconnection.ts";
import { noteChange } from "../epoch-timeline.ts";
import type { Group } from "../group.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ConsumerRecord, GroupRecord } from "../group-record.ts";
import type { RebalanceReason } from "../rebalance-timeline.ts";
import type { Targets } from "../targets.ts";
import type { ConsumerGroup, ConsumerGroupParts } from "./consumer-group.ts";
import { type ConsumerMember, MemberStates, type MemberWatch } from "./consumer-member.ts";
import { depart, noteDeparture } from "./departure.ts";
import type { GroupWork } from "./group-work.ts";
import { sessionTimeout } from "./session-timeout.ts";
import { assignorOf, computeTargets, targetRecords } from "./target-assignment.ts";

export interface WorkOptions {
  readonly environment: GroupEnvironment;
  readonly group: (groupId: string) => Group | undefined;
  /** Runs an operation on the shard that the groups belong to. */
  readonly run: (operation: () => Decision<GroupRecord, void>) => void;
}

type Operation = (group: ConsumerGroup) => Decision<GroupRecord, void>;

export class ConsumerWork implements ConsumerGroupParts, GroupWork {
  readonly #environment: GroupEnvironment;
  readonly #group: WorkOptions["group"];
  readonly #run: WorkOptions["run"];

  constructor({ environment, group, run }: WorkOptions) {
    this.#environment = environment;
    this.#group = group;
    this.#run = run;
  }

  groupNow(groupId: string): ConsumerGroup | undefined {
    const group = this.#group(groupId);
    return group?.kind === "consumer" ? group : undefined;
  }

  classicGroupNow(groupId: string): ClassicGroup | undefined {
    const group = this.#group(groupId);
    return group?.kind === "classic" ? group : undefined;
  }

  nowMs(): number {
    return this.#environment.clock.now();
  }

  watch(groupId: string, memberId: string): MemberWatch {
    const { clock } = this.#environment;
    return {
      session: new Deadline(clock, () => this.#onMember(groupId, memberId, (group, member) => this.endSessions(group, [member]))),
      rebalance: new Deadline(clock, () => this.#onMember(groupId, memberId, (group, member) => this.#endRebalance(group, member))),
      link: new ConnectionLink(clock, () => this.watchDisconnected(groupId)),
    };
  }

  disconnected(groupId: string): Deadline {
    return new Deadline(this.#environment.clock, () => this.#onGroup(groupId, (group) => this.#evictDisconnected(group)));
  }

  watchDisconnected(groupId: string): void {
    const group = this.groupNow(groupId);
    if (group !== undefined) watchLinks(this.#environment, group.disconnected, waitedFor(group).map(linkOf));
  }

  /** What has become of the group meanwhile is looked at when it is done. */
  computeTargets(groupId: string): void {
    const group = this.groupNow(groupId);
    if (group === undefined || group.isComputing) return;
    group.isComputing = true;
    void this.#computeTargets(group);
  }

  /** Sessions begin anew; so does the time that members have to give partitions up. */
  loaded(group: ConsumerGroup): void {
    for (const { watch, identity, progress } of group.members.values()) {
      watch.session.set(sessionTimeout(this.#environment, group.groupId, identity));
      if (progress.state === MemberStates.UNREVOKED_PARTITIONS && identity.classic === null)
        watch.rebalance.set(identity.rebalanceTimeoutMs);
    }
    group.isMetadataStale = true;
    // Nothing has happened that members have yet to hear of.
    if (group.state === "Stable") group.changedAtMs = undefined;
  }

  /** Of members that were not heard of in time, or are treated as if they were not. */
  endSessions(group: ConsumerGroup, members: readonly ConsumerMember[]): Decision<GroupRecord, void> {
    const sessionTimeoutsMs = members.map(({ identity }) => sessionTimeout(this.#environment, group.groupId, identity));
    const again = () => {
      for (const { watch } of members) watch.session.set(RETRY_MS);
    };
    return this.#remove(group, { members, again }, { sessionTimeoutsMs }, EXPIRED);
  }

  /** The next heartbeat has everybody's target computed anew. */
  rebalance(group: ConsumerGroup): Decision<GroupRecord, void> {
    const { groupId, metadataHash } = group;
    const epoch = group.epoch + 1;
    return {
      records: [{ type: "consumerGroup", groupId, value: { epoch, metadataHash } }],
      applied: () => {
        this.#environment.logger.info({ group: groupId, epoch, reason: "it was asked for" }, "group is to rebalance");
        noteChange(this.#environment.timeline, group, ASKED);
      },
    };
  }

  // ---- time and connections

  #endRebalance(group: ConsumerGroup, member: ConsumerMember): Decision<GroupRecord, void> {
    const { rebalanceTimeoutMs, classic } = member.identity;
    const leaving = { members: [member], again: () => member.watch.rebalance.set(RETRY_MS) };
    if (classic !== null) return this.#remove(group, leaving, { rebalanceTimeoutMs }, NOT_JOINED);
    if (member.progress.state !== MemberStates.UNREVOKED_PARTITIONS) return answer(undefined);
    return this.#remove(group, leaving, { rebalanceTimeoutMs }, NOT_GIVEN_UP);
  }

  #evictDisconnected(group: ConsumerGroup): Decision<GroupRecord, void> {
    const members = waitedFor(group).filter((member) => isOverdue(this.#environment, linkOf(member)));
    const again = () => group.disconnected.set(RETRY_MS);
    if (members.length > 0) return this.#remove(group, { members, again }, {}, DISCONNECTED);
    return { records: [], applied: () => this.watchDisconnected(group.groupId) };
  }

  #remove(group: ConsumerGroup, { members, again }: Leaving, facts: object, why: RemovalReason): Decision<GroupRecord, void> {
    const { groupId } = group;
    const departure = depart(this.#environment, this, group, members);
    return {
      records: departure.records,
      applied: () => {
        this.#environment.logger.info({ group: groupId, members: members.map(({ memberId }) => memberId), ...facts }, `removed ${why.log}`);
        departure.applied();
        noteDeparture(this.#environment, this, groupId, { ...why, members });
      },
      refused: again,
    };
  }

  // ---- targets

  async #computeTargets(group: ConsumerGroup): Promise<void> {
    const { clock, topics } = this.#environment;
    const { groupId, epoch } = group;
    const members = [...group.members.values()];
    const instances = new Map(members.map(({ memberId, identity }) => [memberId, identity.instanceId]));
    const assignor = assignorOf(this.#environment, group, members);
    const steps = computeTargets({ group, assignor, topics, members });
    const slices = new Slices(clock);
    await slices.next();
    for (;;) {
      if (slices.isOver) await slices.next();
      const step = steps.next();
      if (step.done !== true) continue;
      group.isComputing = false;
      this.#onGroup(groupId, (now) => {
        // The shard was loaded anew, or the group deleted and made again.
        if (now !== group || now.targetEpoch >= epoch) return answer(undefined);
        const targets = bySuccessors(group, step.value, instances);
        const records: ConsumerRecord[] = targetRecords(group, targets, group.members.values(), { epoch, timestampMs: clock.now() });
        return { records, applied: () => this.watchDisconnected(groupId) };
      });
      return;
    }
  }

  #onGroup(groupId: string, operation: Operation): void {
    this.#run(() => {
      const group = this.groupNow(groupId);
      return group === undefined ? answer(undefined) : operation(group);
    });
  }

  #onMember(
    groupId: string,
    memberId: string,
    operation: (group: ConsumerGroup, member: ConsumerMember) => Decision<GroupRecord, void>,
  ): void {
    this.#onGroup(groupId, (group) => {
      const member = group.members.get(memberId);
      return member === undefined ? answer(undefined) : operation(group, member);
    });
  }
}

const RETRY_MS = 1000;

/** Why members are removed: for the log, and for the timeline of rebalances. */
interface RemovalReason {
  readonly kind: RebalanceReason;
  readonly log: string;
  readonly text: string;
}

const ASKED = { kind: "asked", text: "it was asked for" } as const;
const EXPIRED: RemovalReason = {
  kind: "sessionExpired",
  log: "members that were not heard of in time",
  text: "a member was not heard of in time",
};
const NOT_JOINED: RemovalReason = {
  kind: "rebalanceTimedOut",
  log: "a member that did not join again, or sync, in time",
  text: "a member did not join again, or sync, in time",
};
const NOT_GIVEN_UP: RemovalReason = {
  kind: "rebalanceTimedOut",
  log: "a member that did not give up its partitions in time",
  text: "a member did not give up its partitions in time",
};
const DISCONNECTED: RemovalReason = {
  kind: "disconnected",
  log: "members that the group waited for: they have no connection",
  text: "a member that was waited for has no connection",
};

interface Leaving {
  readonly members: readonly ConsumerMember[];
  /** The log did not take their going: has it looked at again some time later, when there may be no reason any more. */
  readonly again: () => void;
}

/** Dynamic members that have not come to the target, and may hold what others are to have. */
function waitedFor(group: ConsumerGroup): ConsumerMember[] {
  if (group.state !== "Reconciling") return [];
  return [...group.members.values()].filter(
    ({ identity, progress }) => identity.instanceId === null && progress.epoch !== group.targetEpoch,
  );
}

function linkOf({ watch }: ConsumerMember): ConnectionLink {
  return watch.link;
}

/** Static members that were replaced meanwhile: what the one of before was to have is the new one's. */
function bySuccessors(group: ConsumerGroup, targets: Targets, instances: ReadonlyMap<string, string | null>): Targets {
  const all = new Map<string, Assignment>(targets);
  for (const [memberId, target] of targets) {
    const successor = group.staticMember(instances.get(memberId) ?? null);
    if (successor !== undefined && successor.memberId !== memberId) all.set(successor.memberId, target);
  }
  return all;
}

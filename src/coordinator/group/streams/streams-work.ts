// What a streams group does besides answering heartbeats: when a session or the time to give up tasks is over, and when the first assignment has
// waited long enough. Each ends in an operation of its own on the shard, decided when it comes: the group may have changed.

import { Deadline } from "../../deadline.ts";
import { answer, type Decision } from "../../decision.ts";
import { noteChange } from "../epoch-timeline.ts";
import type { Group } from "../group.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { GroupRecord } from "../group-record.ts";
import type { RebalanceReason } from "../rebalance-timeline.ts";
import { withoutMembers } from "./leave.ts";
import type { StreamsGroup, StreamsGroupParts } from "./streams-group.ts";
import { MemberStates, type StreamsMember, type StreamsWatch } from "./streams-member.ts";
import { computeTargets, isTargetDue } from "./streams-target.ts";

export interface StreamsWorkOptions {
  readonly environment: GroupEnvironment;
  readonly group: (groupId: string) => Group | undefined;
  /** Runs an operation on the shard that the groups belong to. */
  readonly run: (operation: () => Decision<GroupRecord, void>) => void;
}

type Operation = (group: StreamsGroup) => Decision<GroupRecord, void>;

/** Later, when the log did not take it. */
const RETRY_MS = 1000;

export class StreamsWork implements StreamsGroupParts {
  readonly #environment: GroupEnvironment;
  readonly #group: StreamsWorkOptions["group"];
  readonly #run: StreamsWorkOptions["run"];

  constructor({ environment, group, run }: StreamsWorkOptions) {
    this.#environment = environment;
    this.#group = group;
    this.#run = run;
  }

  groupNow(groupId: string): StreamsGroup | undefined {
    const group = this.#group(groupId);
    return group?.kind === "streams" ? group : undefined;
  }

  watch(groupId: string, memberId: string): StreamsWatch {
    const { clock } = this.#environment;
    const onMember = (operation: (group: StreamsGroup, member: StreamsMember) => Decision<GroupRecord, void>) => () =>
      this.#onGroup(groupId, (group) => {
        const member = group.members.get(memberId);
        return member === undefined ? answer(undefined) : operation(group, member);
      });
    return {
      session: new Deadline(
        clock,
        onMember((group, member) => this.endSessions(group, [member])),
      ),
      rebalance: new Deadline(
        clock,
        onMember((group, member) => this.#endRebalance(group, member)),
      ),
    };
  }

  nowMs(): number {
    return this.#environment.clock.now();
  }

  initialDelay(groupId: string): Deadline {
    return new Deadline(this.#environment.clock, () => this.#onGroup(groupId, (group) => this.#assign(group)));
  }

  /** Sessions begin anew; so does the time that members have to give tasks up. */
  loaded(group: StreamsGroup): void {
    const sessionTimeoutMs = this.#environment.groupSettings(group.groupId)["streams.session.timeout.ms"];
    for (const { watch, identity, progress } of group.members.values()) {
      watch.session.set(sessionTimeoutMs);
      if (progress.state === MemberStates.UNREVOKED_TASKS) watch.rebalance.set(identity.rebalanceTimeoutMs);
    }
    // Nothing has happened that members have yet to hear of.
    if (group.state === "Stable") group.changedAtMs = undefined;
  }

  /** Of members that were not heard of in time, or are treated as if they were not. */
  endSessions(group: StreamsGroup, members: readonly StreamsMember[]): Decision<GroupRecord, void> {
    const sessionTimeoutMs = this.#environment.groupSettings(group.groupId)["streams.session.timeout.ms"];
    const again = () => {
      for (const { watch } of members) watch.session.set(RETRY_MS);
    };
    return this.#remove(group, { members, again }, { sessionTimeoutMs }, "removed members that were not heard of in time");
  }

  /** The next heartbeat has everybody's target computed anew. */
  rebalance(group: StreamsGroup): Decision<GroupRecord, void> {
    const { groupId, metadataHash, validatedTopologyEpoch, assignmentSettings } = group;
    const epoch = group.epoch + 1;
    return {
      records: [{ type: "streamsGroup", groupId, value: { epoch, metadataHash, validatedTopologyEpoch, assignmentSettings } }],
      applied: () => {
        this.#environment.logger.info({ group: groupId, epoch, reason: "it was asked for" }, "group is to rebalance");
        noteChange(this.#environment.timeline, group, { kind: "asked", text: "it was asked for" });
      },
    };
  }

  #endRebalance(group: StreamsGroup, member: StreamsMember): Decision<GroupRecord, void> {
    if (member.progress.state !== MemberStates.UNREVOKED_TASKS) return answer(undefined);
    const { rebalanceTimeoutMs } = member.identity;
    const again = () => member.watch.rebalance.set(RETRY_MS);
    const leaving = { members: [member], again, kind: "rebalanceTimedOut" as const };
    return this.#remove(group, leaving, { rebalanceTimeoutMs }, "removed a member that did not give up its tasks in time");
  }

  /** The first assignment, for everybody who has come meanwhile. */
  #assign(group: StreamsGroup): Decision<GroupRecord, void> {
    const { epoch, targetEpoch, configured, assignmentSettings: settings } = group;
    const isDue = !group.isEmpty && epoch > targetEpoch && isTargetDue(this.#environment, group);
    if (!isDue || configured === undefined) return answer(undefined);
    const members = [...group.members.values()];
    const { records } = computeTargets(this.#environment, group, { epoch, settings, configured, members });
    return { records, applied: () => undefined, refused: () => group.initialDelay.set(RETRY_MS) };
  }

  #remove(
    group: StreamsGroup,
    { members, again, kind = "sessionExpired" }: Leaving,
    facts: object,
    message: string,
  ): Decision<GroupRecord, void> {
    return {
      records: withoutMembers(group, members),
      applied: () => {
        this.#environment.logger.info({ group: group.groupId, members: members.map(({ memberId }) => memberId), ...facts }, message);
        noteChange(this.#environment.timeline, group, {
          kind,
          text: message.replace("removed members", "members"),
          members,
        });
      },
      refused: again,
    };
  }

  #onGroup(groupId: string, operation: Operation): void {
    this.#run(() => {
      const group = this.groupNow(groupId);
      return group === undefined ? answer(undefined) : operation(group);
    });
  }
}

interface Leaving {
  readonly kind?: RebalanceReason;
  readonly members: readonly StreamsMember[];
  /** The log did not take their going: has it looked at again some time later, when there may be no reason any more. */
  readonly again: () => void;
}

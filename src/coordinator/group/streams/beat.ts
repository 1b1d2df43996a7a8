// What a heartbeat of a streams group changes, as records: the member, the topology, the epoch of the group, everybody's target, and the member's
// step towards its own; and what stands in its way, as statuses.

import { Errors } from "../../../../protocol/errors.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import { type ConfiguredTopology, configureTopology, isReady } from "./configured-topology.ts";
import { taskFault } from "./membership-faults.ts";
import { reconcile } from "./reconcile.ts";
import { type Status, Statuses } from "./statuses.ts";
import type { StreamsGroup } from "./streams-group.ts";
import type { Endpoint, StreamsIdentity, StreamsMember, StreamsMemberView, StreamsProgress } from "./streams-member.ts";
import type { StreamsRecord } from "./streams-record.ts";
import { assignmentSettings, computeTargets, isTargetDue } from "./streams-target.ts";
import { NOTHING, type TasksByRole } from "./tasks.ts";
import { isSameTopology, requiredTopics, type Topology } from "./topology.ts";

/** What a member says; `null` and -1 where it says nothing. */
export interface Beat {
  readonly memberId: string;
  readonly epoch: number;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly topology: Topology | null;
  readonly owned: TasksByRole | null;
  readonly processId: string | null;
  readonly endpoint: Endpoint | null;
  readonly clientTags: ReadonlyMap<string, string> | null;
  readonly endpointEpoch: number;
  readonly isShutdown: boolean;
}

export interface DecidedBeat {
  readonly records: readonly StreamsRecord[];
  /** As it is from now on. */
  readonly member: StreamsMemberView;
  readonly before: StreamsProgress;
  readonly configured: ConfiguredTopology;
  readonly statuses: readonly Status[];
  /** The first assignment waits for more members from now on. */
  readonly startsDelayMs: number | undefined;
}

export interface Said {
  /** `undefined` for a member that is new. */
  readonly stored: StreamsMember | undefined;
  /** As it was until now. */
  readonly member: StreamsMemberView;
  readonly identity: StreamsIdentity;
  readonly beat: Beat;
}

export function decideBeat(environment: GroupEnvironment, group: StreamsGroup, said: Said): DecidedBeat | Refusal {
  const { groupId } = group;
  const { stored, member, identity, beat } = said;
  const { memberId } = member;
  const records: StreamsRecord[] = [];
  const statuses: Status[] = [];
  const isChanged = stored === undefined || identity !== member.identity;
  if (isChanged) records.push({ type: "streamsMember", groupId, memberId, identity });
  const topology = topologyOf(group, beat.topology);
  if (isRefusal(topology)) return topology;
  if (group.topology === undefined) records.push({ type: "streamsTopology", groupId, topology });
  else if (identity.topologyEpoch < topology.epoch) statuses.push(staleTopology(identity.topologyEpoch, topology.epoch));
  const configured = configuredOf(environment, group, topology);
  if (isRefusal(configured)) return configured;
  if (isReady(configured) && configured.subtopologies !== undefined && beat.owned !== null) {
    const fault = taskFault(configured.subtopologies, beat.owned);
    if (fault !== undefined) return fault;
  }
  const epoch = raiseEpoch(environment, group, { isChanged, configured }, records);
  const startsDelayMs = initialDelayMs(environment, group);
  const view: StreamsMemberView = { memberId, identity, progress: member.progress };
  const target = findTarget(environment, group, { view, stored, epoch, configured, isDelayed: startsDelayMs !== undefined });
  records.push(...target.records);
  statuses.push(...target.statuses);
  const progress = reconcile(view, { targetEpoch: target.epoch, target: target.tasks, holders: group.holders, owned: beat.owned });
  if (isRefusal(progress)) return progress;
  if (progress !== member.progress) records.push({ type: "streamsMemberProgress", groupId, memberId, progress });
  if (configured.status !== undefined) statuses.push(configured.status);
  return { records, member: { memberId, identity, progress }, before: member.progress, configured, statuses, startsDelayMs };
}

/** The group's, or the one that becomes the group's. */
function topologyOf({ topology: known }: StreamsGroup, said: Topology | null): Topology | Refusal {
  if (said === null) return known ?? { error: Errors.UNKNOWN_SERVER_ERROR, message: "" };
  if (said.epoch < 0) return { error: Errors.UNKNOWN_SERVER_ERROR, message: "" };
  if (known === undefined) return said;
  if (known.epoch > said.epoch || isSameTopology(known, said)) return known;
  return { error: Errors.INVALID_REQUEST, message: "Topology updates are not supported yet." };
}

function staleTopology(epoch: number, known: number): Status {
  const statusDetail = `The member's topology epoch ${epoch} is behind the group's topology epoch ${known}.`;
  return { statusCode: Statuses.STALE_TOPOLOGY, statusDetail };
}

/** The same as before while its topics are. */
function configuredOf({ topicHashes, topics }: GroupEnvironment, group: StreamsGroup, topology: Topology): ConfiguredTopology | Refusal {
  const known = group.topology === undefined ? undefined : group.configured;
  if (known !== undefined && !group.isMetadataStale) return known;
  const metadataHash = topicHashes.hashOf(requiredTopics(topology));
  if (known !== undefined && known.metadataHash === metadataHash && metadataHash === group.metadataHash) return known;
  return configureTopology(topology, metadataHash, (name) => topics.partitionCount(name));
}

/** The epoch from now on: one more when members, topics or settings have changed. */
function raiseEpoch(
  environment: GroupEnvironment,
  group: StreamsGroup,
  { isChanged, configured }: { readonly isChanged: boolean; readonly configured: ConfiguredTopology },
  records: StreamsRecord[],
): number {
  const { groupId } = group;
  const { metadataHash } = configured;
  const validatedTopologyEpoch = isReady(configured) ? configured.epoch : NOT_VALIDATED;
  const settings = assignmentSettings(environment, groupId);
  const isOther =
    isChanged ||
    metadataHash !== group.metadataHash ||
    validatedTopologyEpoch !== group.validatedTopologyEpoch ||
    !isSameSettings(settings, group.assignmentSettings);
  if (!isOther) return group.epoch;
  const epoch = group.epoch + 1;
  records.push({ type: "streamsGroup", groupId, value: { epoch, metadataHash, validatedTopologyEpoch, assignmentSettings: settings } });
  return epoch;
}

const NOT_VALIDATED = -1;

function isSameSettings(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

/** Until when a group that was empty waits, if it does not wait yet. */
function initialDelayMs({ groupSettings }: GroupEnvironment, group: StreamsGroup): number | undefined {
  if (!group.isEmpty || group.initialDelay.isSet) return undefined;
  const delayMs = groupSettings(group.groupId)["streams.initial.rebalance.delay.ms"];
  return delayMs > 0 ? delayMs : undefined;
}

interface TargetOfMember {
  readonly epoch: number;
  readonly tasks: TasksByRole;
  readonly records: readonly StreamsRecord[];
  readonly statuses: readonly Status[];
}

interface Comer {
  readonly view: StreamsMemberView;
  readonly stored: StreamsMember | undefined;
  /** Of the group, from now on. */
  readonly epoch: number;
  readonly configured: ConfiguredTopology;
  readonly isDelayed: boolean;
}

function findTarget(environment: GroupEnvironment, group: StreamsGroup, comer: Comer): TargetOfMember {
  const { view, stored, epoch, configured, isDelayed } = comer;
  const { targetEpoch } = group;
  const before = { epoch: targetEpoch, tasks: group.targetOf(view.memberId), records: [] };
  if (isDelayed || group.initialDelay.isSet)
    return { ...before, tasks: NOTHING, statuses: [delayed("Assignment delayed due to the configured initial rebalance delay.")] };
  if (epoch <= targetEpoch) return { ...before, statuses: [] };
  if (!isTargetDue(environment, group))
    return { ...before, statuses: [delayed("Assignment delayed due to the configured assignment interval.")] };
  const members =
    stored === undefined
      ? [...group.members.values(), view]
      : Array.from(group.members.values(), (member): StreamsMemberView => (member === stored ? view : member));
  const { byMember, records } = computeTargets(environment, group, {
    epoch,
    settings: assignmentSettings(environment, group.groupId),
    configured,
    members,
  });
  return { epoch, tasks: byMember.get(view.memberId) ?? NOTHING, records, statuses: [] };
}

function delayed(statusDetail: string): Status {
  return { statusCode: Statuses.ASSIGNMENT_DELAYED, statusDetail };
}

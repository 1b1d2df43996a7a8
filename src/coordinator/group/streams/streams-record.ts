// The records of a streams group in __consumer_offsets (KIP-1071), in the shape in which this layer thinks of them.

import type { StreamsIdentity, StreamsProgress } from "./streams-member.ts";
import type { TasksByRole } from "./tasks.ts";
import type { Topology } from "./topology.ts";

/** The group itself: its epoch rises with every change that asks for another assignment. */
export interface StreamsGroupRecord {
  readonly type: "streamsGroup";
  readonly groupId: string;
  readonly value: StreamsGroupValue | null;
}

export interface StreamsGroupValue {
  readonly epoch: number;
  /** Of the topics that the topology needs. */
  readonly metadataHash: bigint;
  /** Of the topology that was found to fit its topics; -1 while none was. */
  readonly validatedTopologyEpoch: number;
  /** By which the last assignment was asked for. */
  readonly assignmentSettings: ReadonlyMap<string, string>;
}

/** What a member has said of itself. */
export interface StreamsMemberRecord {
  readonly type: "streamsMember";
  readonly groupId: string;
  readonly memberId: string;
  readonly identity: StreamsIdentity | null;
}

/** At which epoch of the group everybody's target was computed, and when. */
export interface StreamsTargetRecord {
  readonly type: "streamsTarget";
  readonly groupId: string;
  readonly value: { readonly epoch: number; readonly timestampMs: number } | null;
}

/** What a member is to have. */
export interface StreamsMemberTargetRecord {
  readonly type: "streamsMemberTarget";
  readonly groupId: string;
  readonly memberId: string;
  readonly target: TasksByRole | null;
}

/** What a member has. */
export interface StreamsMemberProgressRecord {
  readonly type: "streamsMemberProgress";
  readonly groupId: string;
  readonly memberId: string;
  readonly progress: StreamsProgress | null;
}

export interface StreamsTopologyRecord {
  readonly type: "streamsTopology";
  readonly groupId: string;
  readonly topology: Topology | null;
}

export type StreamsRecord =
  | StreamsGroupRecord
  | StreamsMemberRecord
  | StreamsTargetRecord
  | StreamsMemberTargetRecord
  | StreamsMemberProgressRecord
  | StreamsTopologyRecord;

export function isTombstone(record: StreamsRecord): boolean {
  switch (record.type) {
    case "streamsGroup":
    case "streamsTarget":
      return record.value === null;
    case "streamsMember":
      return record.identity === null;
    case "streamsMemberTarget":
      return record.target === null;
    case "streamsMemberProgress":
      return record.progress === null;
    case "streamsTopology":
      return record.topology === null;
  }
}

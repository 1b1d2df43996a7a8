// Requests of Kafka's own protocol, as JSON; of the answers what the console looks at. Names of fields are those of the protocol.

import { askJson, pathOf } from "./http.ts";

interface Coded {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

export interface MetadataTopic extends Coded {
  readonly name: string;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly {
    readonly errorCode: number;
    readonly partitionIndex: number;
    readonly leaderId: number;
    readonly leaderEpoch: number;
    readonly replicaNodes: readonly number[];
    readonly isrNodes: readonly number[];
  }[];
}

export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  /** 1 topic, 2 dynamic of a broker, 3 dynamic of all, 4 static, 5 default, 8 of a group. */
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly documentation?: string | null;
  readonly synonyms?: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
}

interface TopicPartitions {
  readonly topicPartitions: readonly { readonly topicName: string; readonly partitions: readonly number[] }[];
}

interface TaskIds {
  readonly subtopologyId: string;
  readonly partitions: readonly number[];
}

export interface DescribedMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
  /** Classic. */
  readonly groupInstanceId?: string | null;
  /** base64. */
  readonly memberAssignment?: string;
  /** Of the newer protocols. */
  readonly instanceId?: string | null;
  readonly memberEpoch?: number;
  readonly subscribedTopicNames?: readonly string[];
  readonly assignment?: TopicPartitions & { readonly activeTasks?: readonly TaskIds[]; readonly standbyTasks?: readonly TaskIds[] };
  readonly targetAssignment?: TopicPartitions;
}

export interface DescribedGroup extends Coded {
  readonly groupId: string;
  readonly groupState: string;
  readonly protocolType?: string;
  readonly protocolData?: string;
  readonly groupEpoch?: number;
  readonly assignmentEpoch?: number;
  readonly assignorName?: string;
  readonly members: readonly DescribedMember[];
}

export interface Acl {
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  /** -1: nothing is open. */
  readonly currentTxnStartOffset: number;
}

interface Topics<Partition> {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly Partition[] }[];
}

interface Answers {
  readonly Metadata: { readonly topics: readonly MetadataTopic[]; readonly controllerId: number };
  readonly CreateTopics: { readonly topics: readonly (Coded & { readonly name: string })[] };
  readonly DeleteTopics: { readonly responses: readonly (Coded & { readonly name: string | null })[] };
  readonly DeleteRecords: Topics<Coded & { readonly partitionIndex: number; readonly lowWatermark: number }>;
  readonly CreatePartitions: { readonly results: readonly Coded[] };
  readonly DescribeConfigs: {
    readonly results: readonly (Coded & { readonly resourceName: string; readonly configs: readonly ConfigEntry[] })[];
  };
  readonly IncrementalAlterConfigs: { readonly responses: readonly Coded[] };
  readonly ListOffsets: Topics<Coded & { readonly partitionIndex: number; readonly offset: number; readonly timestamp: number }>;
  readonly DescribeLogDirs: {
    readonly results: readonly (Coded &
      Topics<{ readonly partitionIndex: number; readonly partitionSize: number; readonly isFutureKey: boolean }>)[];
  };
  readonly ListGroups: Coded & {
    readonly groups: readonly {
      readonly groupId: string;
      readonly protocolType: string;
      readonly groupState: string;
      readonly groupType: string;
    }[];
  };
  readonly DescribeGroups: { readonly groups: readonly DescribedGroup[] };
  readonly ConsumerGroupDescribe: { readonly groups: readonly DescribedGroup[] };
  readonly ShareGroupDescribe: { readonly groups: readonly DescribedGroup[] };
  readonly StreamsGroupDescribe: { readonly groups: readonly DescribedGroup[] };
  readonly OffsetFetch: {
    readonly groups: readonly (Coded &
      Topics<Coded & { readonly partitionIndex: number; readonly committedOffset: number; readonly metadata: string | null }> & {
        readonly groupId: string;
      })[];
  };
  readonly OffsetCommit: Topics<Coded & { readonly partitionIndex: number }>;
  readonly OffsetDelete: Coded & Topics<Coded & { readonly partitionIndex: number }>;
  readonly DescribeShareGroupOffsets: {
    readonly groups: readonly (Coded & {
      readonly topics: readonly {
        readonly topicName: string;
        readonly partitions: readonly (Coded & { readonly partitionIndex: number; readonly startOffset: number; readonly lag: number })[];
      }[];
    })[];
  };
  readonly AlterShareGroupOffsets: Coded & {
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly (Coded & { readonly partitionIndex: number })[];
    }[];
  };
  readonly DeleteGroups: { readonly results: readonly (Coded & { readonly groupId: string })[] };
  readonly LeaveGroup: Coded & { readonly members?: readonly (Coded & { readonly memberId: string })[] };
  readonly ListTransactions: Coded & {
    readonly transactionStates: readonly {
      readonly transactionalId: string;
      readonly producerId: number;
      readonly transactionState: string;
    }[];
  };
  readonly DescribeTransactions: {
    readonly transactionStates: readonly (Coded & {
      readonly transactionalId: string;
      readonly transactionState: string;
      readonly transactionTimeoutMs: number;
      readonly transactionStartTimeMs: number;
      readonly producerId: number;
      readonly producerEpoch: number;
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
    })[];
  };
  readonly DescribeProducers: Topics<Coded & { readonly partitionIndex: number; readonly activeProducers: readonly ProducerState[] }>;
  readonly InitProducerId: Coded;
  readonly WriteTxnMarkers: {
    readonly markers: readonly { readonly topics: readonly { readonly partitions: readonly Coded[] }[] }[];
  };
  readonly DescribeAcls: Coded & {
    readonly resources: readonly {
      readonly resourceType: number;
      readonly resourceName: string;
      readonly patternType: number;
      readonly acls: readonly Acl[];
    }[];
  };
  readonly CreateAcls: { readonly results: readonly Coded[] };
  readonly DeleteAcls: { readonly filterResults: readonly Coded[] };
  readonly DescribeUserScramCredentials: Coded & {
    readonly results: readonly (Coded & {
      readonly user: string;
      readonly credentialInfos: readonly { readonly mechanism: number; readonly iterations: number }[];
    })[];
  };
  readonly AlterUserScramCredentials: { readonly results: readonly Coded[] };
  readonly DescribeClientQuotas: Coded & {
    readonly entries:
      | readonly {
          readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[];
          readonly values: readonly { readonly key: string; readonly value: number }[];
        }[]
      | null;
  };
  readonly AlterClientQuotas: { readonly entries: readonly Coded[] };
}

export interface KafkaOptions {
  readonly version?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Rejects with Fault where the request does not come so far; errors within the answer are the caller's to look at. */
export function kafka<Name extends keyof Answers>(
  name: Name,
  body: object,
  { version, signal }: KafkaOptions = {},
): Promise<Answers[Name]> {
  return askJson(pathOf("api", "kafka", name), { method: "POST", body, query: { version }, ...(signal === undefined ? {} : { signal }) });
}

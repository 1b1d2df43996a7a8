// What a client has pushed, as it is kept: a record of JSON in the internal topic __client_metrics, its key the client instance id. The topic
// is compacted, so that what each client pushed last stays, until its retention is over; any Kafka client can read it.
//
// It is made at the first push. A record goes to the leader of the one partition over the Kafka protocol, as from broker to broker.

import { Errors, errorName } from "../../protocol/errors.ts";
import { produce } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { Compression } from "../../protocol/records/batch-header.ts";
import type { Clock } from "../base/clock.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Peers } from "../cluster/peers.ts";
import { CLIENT_METRICS_TOPIC } from "../cluster/topic-name.ts";
import type { Topics } from "../cluster/topics.ts";
import type { Labels, Metric } from "./otlp.ts";

/** The value of a record. */
export interface PushedMetrics {
  readonly clientInstanceId: string;
  readonly clientId: string;
  readonly softwareName: string;
  readonly softwareVersion: string;
  readonly sourceAddress: string;
  /** The broker that it was pushed to. */
  readonly brokerId: number;
  /** As in "2026-01-31T12:00:00.000Z". */
  readonly pushedAt: string;
  /** The client was about to end: nothing follows. */
  readonly isTerminating: boolean;
  readonly resource: Labels;
  readonly metrics: readonly Metric[];
}

export interface PushedMetricsLogOptions {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly peers: Peers;
  readonly clock: Clock;
  /** Deadline of the leader, in milliseconds. */
  readonly timeoutMs: number;
}

/** The newest version that names topics rather than their ids. */
const PRODUCE_VERSION = 12;
const ACKS_FROM_LEADER = 1;
const PARTITION = 0;

export class PushedMetricsLog {
  readonly #options: PushedMetricsLogOptions;

  constructor(options: PushedMetricsLogOptions) {
    this.#options = options;
  }

  /** Gives why the metrics could not be kept, or `undefined`. */
  async append(pushed: PushedMetrics): Promise<string | undefined> {
    const { cluster, topics, peers, clock, timeoutMs } = this.#options;
    if (!cluster.image.topicsByName.has(CLIENT_METRICS_TOPIC)) {
      const refusal = await topics.autoCreate(CLIENT_METRICS_TOPIC);
      if (refusal !== undefined) return refusal.message;
    }
    const leader = cluster.image.topicsByName.get(CLIENT_METRICS_TOPIC)?.partitions[PARTITION]?.leader ?? -1;
    const record = { key: Buffer.from(pushed.clientInstanceId), value: Buffer.from(JSON.stringify(pushed)) };
    // Every client decompresses gzip, kafkajs nothing else.
    const { bytes } = buildBatch([record], { timestamp: clock.now(), compression: Compression.GZIP });
    const answer = await peers.call(leader, produce, PRODUCE_VERSION, {
      transactionalId: null,
      acks: ACKS_FROM_LEADER,
      timeoutMs,
      topicData: [{ name: CLIENT_METRICS_TOPIC, partitionData: [{ index: PARTITION, records: bytes }] }],
    });
    const partition = answer?.responses[0]?.partitionResponses[0];
    if (partition === undefined) return `broker ${leader}, which leads ${CLIENT_METRICS_TOPIC}, did not answer`;
    return partition.errorCode === Errors.NONE ? undefined : errorName(partition.errorCode);
  }
}

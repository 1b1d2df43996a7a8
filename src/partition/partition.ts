// A partition as its leader sees it: its log, the leader epoch, and the offsets that readers may see.
//
// The high watermark is the log's durable offset: the bytes are stored once, so what the engine holds safely is committed.
// Readers wait by watching: a watcher is told when an offset or the leader epoch moved, and when this broker stops being the leader.

import { controlBatch, type EndTransactionMarker } from "../../protocol/records/control-batch.ts";
import { assert } from "../base/assert.ts";
import { type Watchable, type Watcher, Watchers } from "../base/watchers.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { AbortedTransaction, AppendOptions, AppendResult, Judging, LogRead, PartitionLog } from "../storage/partition-log.ts";
import { type CommitWait, CommitWaits } from "./commit-waits.ts";
import { TopicTraffic } from "./topic-traffic.ts";
import { Verifications } from "./verifications.ts";

export type IsolationLevel = "read_uncommitted" | "read_committed";

export interface PartitionRead {
  readonly offset: number;
  readonly maxBytes: number;
  readonly isolationLevel: IsolationLevel;
  readonly firstBatchWhole: boolean;
  /** As of `ReadOptions`. */
  readonly willRelease?: boolean;
}

export class Partition implements Watchable {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly log: PartitionLog;
  /** Of its topic at this broker. */
  readonly traffic: TopicTraffic;
  /** Transactional batches of producers that have no open transaction here yet. */
  readonly verifications = new Verifications();
  #settings: TopicSettings;
  #leaderEpoch: number;
  #isLeader = true;
  #highWatermark: number;
  #replicas = { count: 1, inSyncCount: 1 };
  readonly #watchers = new Watchers();
  readonly #commitWaits = new CommitWaits();

  constructor(log: PartitionLog, settings: TopicSettings, leaderEpoch: number, traffic = new TopicTraffic()) {
    this.traffic = traffic;
    this.topic = log.topicPartition.topic;
    this.index = log.topicPartition.partition;
    this.topicId = log.topicId;
    this.log = log;
    this.#settings = settings;
    this.#leaderEpoch = leaderEpoch;
    this.#highWatermark = log.durableOffset;
    log.startLeaderEpoch(leaderEpoch);
    log.onDurable(() => this.#advance());
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** Whether what asks for acknowledgement by all may be appended: min.insync.replicas counts as far as there are replicas at all. */
  get hasEnoughReplicas(): boolean {
    const { count, inSyncCount } = this.#replicas;
    return inSyncCount >= Math.min(this.#settings["min.insync.replicas"], count);
  }

  /** False once another broker leads, the topic is deleted, or the broker stops. */
  get isLeader(): boolean {
    return this.#isLeader;
  }

  get logStartOffset(): number {
    return this.log.logStartOffset;
  }

  get logEndOffset(): number {
    return this.log.logEndOffset;
  }

  /** Records below it are committed: consumers may read them. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Records below it belong to no open transaction (KIP-98). */
  get lastStableOffset(): number {
    return Math.min(this.#highWatermark, this.log.firstUnstableOffset);
  }

  /** The first offset that a reader of this isolation level may not see. */
  readableUntil(isolationLevel: IsolationLevel): number {
    return isolationLevel === "read_committed" ? this.lastStableOffset : this.#highWatermark;
  }

  append(records: Buffer, origin: AppendOptions["origin"], transactionVersion?: number, judging?: Judging): AppendResult {
    assert(this.#isLeader, "only the leader appends");
    const result = this.log.append(records, { leaderEpoch: this.#leaderEpoch, origin, transactionVersion, judging });
    if (result.ok) {
      if (!result.isDuplicate) {
        this.traffic.messagesIn += result.lastOffset - result.baseOffset + 1;
        this.traffic.bytesIn += records.length;
      }
      this.#advance();
    }
    return result;
  }

  /** Ends a transaction in this partition (KIP-98). Its batches that wait to be verified are too late from now on. */
  appendMarker(marker: EndTransactionMarker, transactionVersion: number): AppendResult {
    const result = this.append(controlBatch(marker).bytes, "coordinator", transactionVersion);
    if (result.ok) this.verifications.ended(marker);
    return result;
  }

  /** `undefined` when everything below `offset` is committed already. */
  commitWait(offset: number): CommitWait | undefined {
    if (offset <= this.#highWatermark) return undefined;
    const wait = this.#commitWaits.until(offset);
    if (!this.#isLeader) this.#commitWaits.resigned();
    return wait;
  }

  /** As `commitWait`, for who waits as long as it takes: a promise of whether it ever is (false: no longer the leader). */
  whenCommitted(offset: number): Promise<boolean> | undefined {
    return this.commitWait(offset)?.outcome.then((outcome) => outcome === "committed");
  }

  read(options: PartitionRead): LogRead | Promise<LogRead> {
    return this.log.read({
      offset: options.offset,
      untilOffset: this.readableUntil(options.isolationLevel),
      maxBytes: options.maxBytes,
      firstBatchWhole: options.firstBatchWhole,
      willRelease: options.willRelease ?? false,
    });
  }

  abortedTransactions(fromOffset: number, untilOffset: number): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]> {
    return this.log.abortedTransactions(fromOffset, untilOffset);
  }

  /** Done for good when it returns or resolves. Throws or rejects with StorageError. */
  deleteRecordsBefore(offset: number): void | Promise<void> {
    return this.#movingStart(() => this.log.deleteRecordsBefore(offset));
  }

  /** Throws or rejects with StorageError and the disk's errors; some may have been deleted then. */
  enforceRetention(): number | Promise<number> {
    return this.#movingStart(() => this.log.enforceRetention());
  }

  /** Watchers are told of a log start that has moved, also where not all could be done. */
  #movingStart<Result>(move: () => Result | Promise<Result>): Result | Promise<Result> {
    const { logStartOffset } = this.log;
    const tell = () => {
      if (this.log.logStartOffset > logStartOffset) this.#watchers.tell();
    };
    let moving: Result | Promise<Result>;
    try {
      moving = move();
    } catch (error) {
      tell();
      throw error;
    }
    if (moving instanceof Promise) return moving.finally(tell);
    tell();
    return moving;
  }

  configure(settings: TopicSettings): void {
    this.#settings = settings;
    this.log.configure(settings);
  }

  watch(watcher: Watcher): void {
    this.#watchers.watch(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.unwatch(watcher);
  }

  get inSyncCount(): number {
    return this.#replicas.inSyncCount;
  }

  setReplicas(replicas: { readonly count: number; readonly inSyncCount: number }): void {
    this.#replicas = replicas;
  }

  startLeaderEpoch(leaderEpoch: number): void {
    this.#leaderEpoch = leaderEpoch;
    this.log.startLeaderEpoch(leaderEpoch);
    this.#watchers.tell();
  }

  /** This broker no longer leads: waiting readers and producers are told. The log is the caller's to close. */
  resign(): void {
    this.#isLeader = false;
    this.#commitWaits.resigned();
    this.#watchers.tell();
  }

  #advance(): void {
    const { durableOffset } = this.log;
    if (durableOffset > this.#highWatermark) {
      this.#highWatermark = durableOffset;
      this.#commitWaits.committed(durableOffset);
    }
    this.#watchers.tell();
  }
}

// A fetch session (KIP-227), and a partition as a Fetch asks for it, in a session or without one.
//
//                  named in a request, moved, or of another place in the cluster
//   settled  ----------------------------------------------------------------------->  unsettled
//            <-----------------------------------------------------------------------
//                  answered: the client has read all there is, and was told of it
//
// Only unsettled partitions can have something to tell: an answer costs what changed since the one before, however many partitions the
// session has. To be told, a session watches its partitions for as long as it lives; one that is left unread, or in error, stays unsettled.

import { type Watchable, type Watcher, Watchers } from "../base/watchers.ts";

/** What a client says of a partition in a Fetch request. */
interface PartitionRequest {
  readonly partition: number;
  readonly fetchOffset: number;
  readonly partitionMaxBytes: number;
  readonly currentLeaderEpoch: number;
  readonly lastFetchedEpoch: number;
}

export class FetchPartition implements Watcher {
  /** By name or by id, as the request's version has it; the other is empty until it is resolved. */
  topic: string;
  readonly topicId: string;
  readonly partition: number;
  fetchOffset: number;
  maxBytes: number;
  currentLeaderEpoch: number;
  lastFetchedEpoch: number;
  /** What the client was told last; -1 before that and after an error, so that it is told again. */
  toldHighWatermark = -1;
  toldLogStartOffset = -1;
  /** Rises with everything that may change what there is to tell. */
  changeCount = 0;
  /** The session's lowest is read first. */
  position = 0;
  /** What the cluster knew of it when it was looked at last. It is only compared. */
  place: object | undefined;
  session: FetchSession | undefined;
  #watched: Watchable | undefined;

  constructor(topic: string, topicId: string, request: PartitionRequest) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = request.partition;
    this.fetchOffset = request.fetchOffset;
    this.maxBytes = request.partitionMaxBytes;
    this.currentLeaderEpoch = request.currentLeaderEpoch;
    this.lastFetchedEpoch = request.lastFetchedEpoch;
  }

  /** The client asks for it anew. */
  ask(request: PartitionRequest): void {
    this.fetchOffset = request.fetchOffset;
    this.maxBytes = request.partitionMaxBytes;
    this.currentLeaderEpoch = request.currentLeaderEpoch;
    this.lastFetchedEpoch = request.lastFetchedEpoch;
    this.changed();
  }

  changed(): void {
    this.changeCount++;
    this.session?.unsettle(this);
  }

  moved(): void {
    this.changed();
    this.session?.moved();
  }

  /** It is about to be looked at: in a session, whatever happens to it from now on is noticed. */
  look(watched: Watchable | undefined, place: object | undefined): void {
    if (this.session === undefined) return;
    this.place = place;
    this.#watch(watched);
  }

  leave(): void {
    this.session = undefined;
    this.#watch(undefined);
  }

  #watch(watched: Watchable | undefined): void {
    if (watched === this.#watched) return;
    this.#watched?.unwatch(this);
    this.#watched = watched;
    watched?.watch(this);
  }
}

export class FetchSession implements Watchable {
  readonly id: number;
  readonly usesTopicIds: boolean;
  /** The epoch that the next request must carry. */
  epoch = 1;
  lastUsedMs = 0;
  isClosed = false;
  /** Whether the cluster is as it was when the places of the partitions were last compared. */
  hasSeenCluster = true;
  /** Rises with every move of a partition. */
  moveCount = 0;
  readonly #partitions = new Map<string, FetchPartition>();
  readonly #unsettled = new Set<FetchPartition>();
  readonly #watchers = new Watchers();
  #lastPosition = 0;
  #manner: string;

  constructor(id: number, options: { readonly usesTopicIds: boolean; readonly manner: string }) {
    this.id = id;
    this.usesTopicIds = options.usesTopicIds;
    this.#manner = options.manner;
  }

  get partitionCount(): number {
    return this.#partitions.size;
  }

  get partitions(): ReadonlyMap<string, FetchPartition> {
    return this.#partitions;
  }

  get(key: string): FetchPartition | undefined {
    return this.#partitions.get(key);
  }

  set(key: string, partition: FetchPartition): void {
    this.forget(key);
    partition.session = this;
    partition.position = ++this.#lastPosition;
    this.#partitions.set(key, partition);
    this.#unsettled.add(partition);
  }

  forget(key: string): void {
    const partition = this.#partitions.get(key);
    if (partition === undefined) return;
    this.#partitions.delete(key);
    this.#unsettled.delete(partition);
    partition.leave();
  }

  /** How a request wants all partitions to be read. In another manner each may have something else to tell. */
  readIn(manner: string): void {
    if (manner === this.#manner) return;
    this.#manner = manner;
    for (const partition of this.#partitions.values()) partition.changed();
  }

  /** Those that may have something to tell, in the order in which they are read. */
  unsettled(): FetchPartition[] {
    return [...this.#unsettled].sort((one, other) => one.position - other.position);
  }

  unsettle(partition: FetchPartition): void {
    this.#unsettled.add(partition);
  }

  /** The client knows all there was to tell at that count of changes. */
  settle(partition: FetchPartition, changeCount: number): void {
    if (partition.changeCount === changeCount) this.#unsettled.delete(partition);
  }

  /** It gave data: the others come before it. */
  moveToEnd(partition: FetchPartition): void {
    partition.position = ++this.#lastPosition;
  }

  /** Told of the moves of all partitions, and of the end of the session. */
  watch(watcher: Watcher): void {
    this.#watchers.watch(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.unwatch(watcher);
  }

  moved(): void {
    this.moveCount++;
    this.#watchers.tell();
  }

  close(): void {
    this.isClosed = true;
    this.#unsettled.clear();
    for (const partition of this.#partitions.values()) partition.leave();
    this.moved();
  }
}

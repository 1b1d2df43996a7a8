// What went in and out of topics at this broker since it started, for its metrics. Whoever appends or reads adds to the fields of a topic's
// object; nothing else is done on their way. A topic that is gone takes its object with it, and what it counted stays in the sum.

export class TopicTraffic {
  /** Records appended, of clients and of coordinators. */
  messagesIn = 0;
  /** Of batches as they came. */
  bytesIn = 0;
  /** Of batches that consumers were given. */
  bytesOut = 0;
  /** Of what was too large to be appended. */
  bytesRejected = 0;
  /** Batches that clients wanted to append. */
  produceRequests = 0;
  /** Those that were refused, without what tells a client to ask elsewhere or in smaller pieces. */
  failedProduceRequests = 0;
  /** Partitions that were read for clients. */
  fetchRequests = 0;
  failedFetchRequests = 0;
  /** Batches made of messages of formats before Kafka 0.11, and the other way. */
  produceConversions = 0;
  fetchConversions = 0;
}

export type TrafficKind = keyof TopicTraffic;
export const TRAFFIC_KINDS = Object.keys(new TopicTraffic()) as readonly TrafficKind[];

export class Traffic {
  readonly #topics = new Map<string, TopicTraffic>();
  /** Of topics that are gone. */
  readonly #gone = new TopicTraffic();

  of(topic: string): TopicTraffic {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const fresh = new TopicTraffic();
    this.#topics.set(topic, fresh);
    return fresh;
  }

  /** Consumers were given so much of a topic, which may be gone by now. */
  gave(topic: string, sizeBytes: number): void {
    const traffic = this.#topics.get(topic) ?? this.#gone;
    traffic.bytesOut += sizeBytes;
  }

  /** By name. */
  get topics(): ReadonlyMap<string, Readonly<TopicTraffic>> {
    return this.#topics;
  }

  /** Of all topics that there are and were. */
  sum(): TopicTraffic {
    const sum = new TopicTraffic();
    for (const each of [this.#gone, ...this.#topics.values()]) add(sum, each);
    return sum;
  }

  forget(topic: string): void {
    const traffic = this.#topics.get(topic);
    if (traffic === undefined) return;
    this.#topics.delete(topic);
    add(this.#gone, traffic);
  }
}

function add(sum: TopicTraffic, other: Readonly<TopicTraffic>): void {
  for (const kind of TRAFFIC_KINDS) sum[kind] += other[kind];
}

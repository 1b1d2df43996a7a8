// What a request may be about: topics, groups and transactional ids that exist or do not, some of which rules are made for. Every name
// ends with the scene's own suffix, so that answers of different scenes can be compared without it, and what others left can be told apart.

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Rules are made for `ruled` and `absent`; of which `absent` does not exist. There are none for `unruled` and `nowhere`, and `nowhere` does not exist. */
export interface Names {
  readonly ruled: string;
  readonly unruled: string;
  readonly absent: string;
  readonly nowhere: string;
}

/** `consumers` are groups of the consumer protocol, `streams` streams groups; they have a member. */
export type Kind = "topics" | "groups" | "consumers" | "streams" | "transactions";

const SHARED = "-shared-x";

export class Scene {
  readonly topics: Names;
  readonly groups: Names;
  readonly consumers: Names;
  readonly streams: Names;
  readonly transactions: Names;
  readonly endings: readonly string[];
  readonly topicIds: Map<string, string>;
  readonly producers: Map<string, ProducerIdentity>;
  /** Of a delegation token that the super user made. */
  hmac: Buffer = Buffer.alloc(0);

  private constructor(endings: Readonly<Record<Kind, string>>, shared?: Scene) {
    this.topics = namesOf("topic", endings.topics);
    this.groups = namesOf("group", endings.groups);
    this.consumers = namesOf("consumers", endings.consumers);
    this.streams = namesOf("streams", endings.streams);
    this.transactions = namesOf("transaction", endings.transactions);
    this.endings = [...new Set(Object.values(endings))];
    this.topicIds = new Map(shared?.topicIds);
    this.producers = new Map(shared?.producers);
  }

  static shared(): Scene {
    return new Scene({ topics: SHARED, groups: SHARED, consumers: SHARED, streams: SHARED, transactions: SHARED });
  }

  /** The same, but for some kinds of things, which it has for itself. */
  withOwn(name: string, kinds: readonly Kind[]): Scene {
    const ending = (kind: Kind) => (kinds.includes(kind) ? `-${name}-x` : SHARED);
    const endings = {
      topics: ending("topics"),
      groups: ending("groups"),
      consumers: ending("consumers"),
      streams: ending("streams"),
      transactions: ending("transactions"),
    };
    return new Scene(endings, this);
  }

  topicId(name: string): string {
    return this.topicIds.get(name) ?? (name === this.topics.absent ? ABSENT_ID : NOWHERE_ID);
  }

  producer(transactionalId: string): ProducerIdentity {
    return this.producers.get(transactionalId) ?? { producerId: 4242, producerEpoch: 0 };
  }
}

function namesOf(kind: string, ending: string): Names {
  const name = (which: string) => `${which}-${kind}${ending}`;
  return { ruled: name("ruled"), unruled: name("unruled"), absent: name("absent"), nowhere: name("nowhere") };
}

const idOf = (byte: number): string => Buffer.alloc(16, byte).toString("base64url");
const ABSENT_ID = idOf(7);
const NOWHERE_ID = idOf(8);

export function existing({ ruled, unruled }: Names): string[] {
  return [ruled, unruled];
}

export function withRules({ ruled, absent }: Names): string[] {
  return [ruled, absent];
}

export function every({ ruled, unruled, absent, nowhere }: Names): string[] {
  return [ruled, unruled, absent, nowhere];
}

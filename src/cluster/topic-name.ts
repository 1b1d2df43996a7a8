// Kafka's rules for topic names.

/** Longest name, so that folder names with a partition number fit into 255 bytes. */
const MAX_LENGTH = 249;

export const GROUP_OFFSETS_TOPIC = "__consumer_offsets";
export const TRANSACTION_STATE_TOPIC = "__transaction_state";
/** Where Kafka keeps what we keep in the MetadataStore; clients know it from DescribeQuorum. */
export const CLUSTER_METADATA_TOPIC = "__cluster_metadata";
export const SHARE_GROUP_STATE_TOPIC = "__share_group_state";

/** What clients have pushed of their metrics (KIP-714); Kafka leaves keeping it to a plug-in. */
export const CLIENT_METRICS_TOPIC = "__client_metrics";

const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  GROUP_OFFSETS_TOPIC,
  TRANSACTION_STATE_TOPIC,
  SHARE_GROUP_STATE_TOPIC,
  CLIENT_METRICS_TOPIC,
]);

export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name);
}

/** Why a name is not allowed; `undefined` when it is. The wording is Kafka's: tools print it. */
export function topicNameFault(name: string): string | undefined {
  if (name.length === 0) return "Topic name is invalid: the empty string is not allowed";
  if (name === "." || name === "..") return `Topic name is invalid: '${name}' is not allowed`;
  if (name.length > MAX_LENGTH) return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${MAX_LENGTH}`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return undefined;
}

/**
 * Finds names that collide: those that differ only in '.' and '_', because metric names treat them alike. Made once for many names, and only
 * when the first of them could collide with anything.
 */
export class NameCollisions {
  readonly #known: () => Iterable<string>;
  #byKey: Map<string, string> | undefined;

  constructor(known: () => Iterable<string>) {
    this.#known = known;
  }

  with(name: string): string | undefined {
    if (!name.includes(".") && !name.includes("_")) return undefined;
    this.#byKey ??= new Map(Array.from(this.#known(), (known) => [collisionKey(known), known]));
    return this.#byKey.get(collisionKey(name));
  }

  /** A name that is known from now on. */
  add(name: string): void {
    this.#byKey?.set(collisionKey(name), name);
  }
}

function collisionKey(name: string): string {
  return name.replaceAll(".", "_");
}

// Which partitions a share group has state of at the share coordinator (KIP-932), as its group coordinator knows it:
//
//   initializing   it was asked to begin their state
//   initialized    their state is there: only these are assigned
//   deleting       topics whose state it was asked to remove
//
// A value that is replaced, never changed. A partition whose start is being altered is both initializing and initialized.

/** By topic id. */
export type TopicsShared = ReadonlyMap<string, TopicShared>;

export interface TopicShared {
  readonly name: string;
  /** Ascending, each once. */
  readonly partitions: readonly number[];
}

export interface SharedPartitions {
  readonly initializing: TopicsShared;
  readonly initialized: TopicsShared;
  /** Names by topic id. */
  readonly deleting: ReadonlyMap<string, string>;
}

export const NOTHING_SHARED: SharedPartitions = { initializing: new Map(), initialized: new Map(), deleting: new Map() };

export function withInitializing(shared: SharedPartitions, added: TopicsShared): SharedPartitions {
  return { ...shared, initializing: joined(shared.initializing, added) };
}

/** Of those, whatever is initializing still: a topic may have been deleted meanwhile. */
export function withInitialized(shared: SharedPartitions, done: TopicsShared): SharedPartitions {
  const { initializing, initialized } = shared;
  return { ...shared, initializing: without(initializing, done), initialized: joined(initialized, common(initializing, done)) };
}

export function withoutInitializing(shared: SharedPartitions, failed: TopicsShared): SharedPartitions {
  return { ...shared, initializing: without(shared.initializing, failed) };
}

/** @param topics names by id */
export function withDeleting(shared: SharedPartitions, topics: ReadonlyMap<string, string>): SharedPartitions {
  return {
    initializing: withoutTopics(shared.initializing, topics),
    initialized: withoutTopics(shared.initialized, topics),
    deleting: new Map([...shared.deleting, ...topics]),
  };
}

export function withoutDeleting(shared: SharedPartitions, topicIds: ReadonlySet<string>): SharedPartitions {
  return { ...shared, deleting: new Map([...shared.deleting].filter(([topicId]) => !topicIds.has(topicId))) };
}

/** The topics are no more; the same object when nothing is known of them. */
export function forgotten(shared: SharedPartitions, isGone: (topicId: string, name: string) => boolean): SharedPartitions {
  const gone = new Set<string>();
  for (const topics of [shared.initializing, shared.initialized])
    for (const [topicId, { name }] of topics) if (isGone(topicId, name)) gone.add(topicId);
  for (const [topicId, name] of shared.deleting) if (isGone(topicId, name)) gone.add(topicId);
  if (gone.size === 0) return shared;
  return {
    initializing: withoutTopics(shared.initializing, gone),
    initialized: withoutTopics(shared.initialized, gone),
    deleting: withoutDeleting(shared, gone).deleting,
  };
}

/** Every partition that there is, or may be, state of; `partitionCountOf` of topics that are being deleted. */
export function allShared(
  { initializing, initialized, deleting }: SharedPartitions,
  partitionCountOf: (topicId: string) => number | undefined,
): TopicsShared {
  const deleted = [...deleting].map(([topicId, name]) => {
    const partitions = Array.from({ length: partitionCountOf(topicId) ?? 0 }, (_, partition) => partition);
    return [topicId, { name, partitions }] as const;
  });
  return joined(joined(initializing, initialized), new Map(deleted));
}

export function joined(some: TopicsShared, others: TopicsShared): TopicsShared {
  const all = new Map(some);
  for (const [topicId, { name, partitions }] of others) {
    const union = new Set([...(all.get(topicId)?.partitions ?? []), ...partitions]);
    all.set(topicId, { name, partitions: [...union].sort((a, b) => a - b) });
  }
  return all;
}

function without(some: TopicsShared, others: TopicsShared): TopicsShared {
  return filtered(some, (topicId, partition) => others.get(topicId)?.partitions.includes(partition) !== true);
}

function common(some: TopicsShared, others: TopicsShared): TopicsShared {
  return filtered(some, (topicId, partition) => others.get(topicId)?.partitions.includes(partition) === true);
}

/** No topic without partitions. */
function filtered(topics: TopicsShared, isKept: (topicId: string, partition: number) => boolean): TopicsShared {
  const kept = new Map<string, TopicShared>();
  for (const [topicId, { name, partitions }] of topics) {
    const some = partitions.filter((partition) => isKept(topicId, partition));
    if (some.length > 0) kept.set(topicId, { name, partitions: some });
  }
  return kept;
}

function withoutTopics(topics: TopicsShared, gone: { readonly has: (topicId: string) => boolean }): TopicsShared {
  return new Map([...topics].filter(([topicId]) => !gone.has(topicId)));
}

// The order in which Kafka's tools print what they keep in a hash map, so that lines that list such things are the same as theirs.

const FIRST_CAPACITY = 16;
const LOAD_FACTOR = 0.75;

/** As a map with these keys, put in one after the other, is iterated; `isPresized` where it was made for just so many. */
export function inMapOrder<Item>(items: readonly Item[], hashOf: (item: Item) => number, { isPresized = false } = {}): Item[] {
  let capacity = isPresized ? 1 : FIRST_CAPACITY;
  while (isPresized && capacity < items.length) capacity *= 2;
  while (items.length > capacity * LOAD_FACTOR) capacity *= 2;
  const bucketOf = (item: Item) => {
    const hash = hashOf(item);
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return items.toSorted((one, other) => bucketOf(one) - bucketOf(other));
}

export function stringHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

export function partitionHash({ topic, partition }: { readonly topic: string; readonly partition: number }): number {
  return (Math.imul(31 + partition, 31) + stringHash(topic)) | 0;
}

// The order in which Kafka answers and prints what it keeps in a hash map, so that lists of such things are the same as its own.

const FIRST_CAPACITY = 16;
const LOAD_FACTOR = 0.75;

/** As a map with these keys, put in one after the other, is iterated; `isPresized` where it was made for just so many. */
export function inMapOrder<Item>(items: readonly Item[], hashOf: (item: Item) => number, { isPresized = false } = {}): Item[] {
  let capacity = isPresized ? 1 : FIRST_CAPACITY;
  while (isPresized && capacity < items.length) capacity *= 2;
  while (items.length > capacity * LOAD_FACTOR) capacity *= 2;
  const placed = items.map((item) => {
    const hash = hashOf(item);
    return { item, bucket: (hash ^ (hash >>> 16)) & (capacity - 1) };
  });
  return placed.sort((one, other) => one.bucket - other.bucket).map(({ item }) => item);
}

export function stringHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

/** Of a map whose keys and values are strings; null has no hash. */
export function mapHash(entries: readonly (readonly [key: string, value: string | null])[]): number {
  return entries.reduce((sum, [key, value]) => (sum + (stringHash(key) ^ (value === null ? 0 : stringHash(value)))) | 0, 0);
}

export function partitionHash({ topic, partition }: { readonly topic: string; readonly partition: number }): number {
  return (Math.imul(31 + partition, 31) + stringHash(topic)) | 0;
}

// Which partition of an internal topic holds a group or a transactional id, and so which broker coordinates it. Clients and
// tools compute it too, so it is Kafka's: the absolute value of Java's String.hashCode, modulo the number of partitions.

const SMALLEST_INT32 = -(2 ** 31);

export function partitionFor(key: string, partitionCount: number): number {
  const hash = javaHashCode(key);
  return (hash === SMALLEST_INT32 ? 0 : Math.abs(hash)) % partitionCount;
}

/** Over UTF-16 code units, as Java's. */
function javaHashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

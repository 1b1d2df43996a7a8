/** What comes more than once, in the order in which it came again for the first time. */
export function repeated<T>(items: Iterable<T>): ReadonlySet<T> {
  const seen = new Set<T>();
  const again = new Set<T>();
  for (const item of items) {
    if (seen.has(item)) again.add(item);
    seen.add(item);
  }
  return again;
}

// The largest number of pairs in which nobody stands twice.

/** `edges[left]` are those on the right that may be paired with it. Each left one takes a free right one, or has another give way. */
export function largestMatching(edges: readonly (readonly number[])[]): number {
  const partner = new Map<number, number>();
  const pair = (left: number, asked: Set<number>): boolean =>
    (edges[left] ?? []).some((right) => {
      if (asked.has(right)) return false;
      asked.add(right);
      const holder = partner.get(right);
      if (holder !== undefined && !pair(holder, asked)) return false;
      partner.set(right, left);
      return true;
    });
  return edges.filter((_, left) => pair(left, new Set())).length;
}

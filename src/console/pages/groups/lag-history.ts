// Lag as it was while the console looked, a sample each time: kept while the page is open, of the groups that were looked at last.

import type { Sample } from "../../parts/plot.tsx";

const MOST_SAMPLES = 600;
const MOST_GROUPS = 50;
const kept = new Map<string, readonly Sample[]>();

export function withLag(group: string, sample: Sample): readonly Sample[] {
  const old = kept.get(group) ?? [];
  const samples = old.at(-1)?.atMs === sample.atMs ? old : [...old, sample].slice(-MOST_SAMPLES);
  kept.delete(group);
  kept.set(group, samples);
  for (const name of kept.keys()) {
    if (kept.size <= MOST_GROUPS) break;
    kept.delete(name);
  }
  return samples;
}

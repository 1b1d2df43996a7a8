// Whether a figure stays where it is: a line is laid through its samples (least squares), and what it rises by from the first to the last is held
// against what it may. Single samples may lie anywhere: caches fill, garbage lies about.

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** By how much the line rises from the first sample to the last; 0 for fewer than three samples. */
export function riseOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (samples.length < 3 || first === undefined || last === undefined) return 0;
  const middle = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const at = middle(samples.map(({ atMs }) => atMs));
  const level = middle(samples.map(({ value }) => value));
  let covariance = 0;
  let variance = 0;
  for (const { atMs, value } of samples) {
    covariance += (atMs - at) * (value - level);
    variance += (atMs - at) ** 2;
  }
  return variance === 0 ? 0 : (covariance / variance) * (last.atMs - first.atMs);
}

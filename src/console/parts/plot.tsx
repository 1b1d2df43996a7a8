// A figure over time, small: a line with the area under it, from zero.

import { lasted, whole } from "./format.ts";

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

const WIDTH = 400;
const HEIGHT = 64;

export function Plot({ title, samples }: { title: string; samples: readonly Sample[] }) {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return null;
  const highest = Math.max(...samples.map(({ value }) => value));
  const most = Math.max(1, highest);
  const span = Math.max(1, last.atMs - first.atMs);
  const points = samples.map(
    ({ atMs, value }) => `${(((atMs - first.atMs) / span) * WIDTH).toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 6)).toFixed(1)}`,
  );
  if (points.length === 1) points.push(`${WIDTH},${points[0]?.split(",")[1]}`);
  const over = samples.length === 1 ? "" : `, at most ${whole(highest)} in ${lasted(last.atMs - first.atMs)}`;
  const text = `${title}: ${whole(last.value)} now${over}`;
  return (
    <div>
      <svg class="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={text}>
        <title>{text}</title>
        <polygon class="area" points={`0,${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`} />
        <polyline class="line" points={points.join(" ")} />
      </svg>
      <span class="count">{text}</span>
    </div>
  );
}

// A soak: two brokers as processes under the same mixed load (load.ts). One stays, and is measured: its memory once garbage is collected, its
// descriptors and the files of its data must be flat once it is warm. The other is stopped or killed from time to time, and started again.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BrokerProcess, type LogLine } from "./broker-process.ts";
import { riseOf } from "./flatness.ts";
import { Load } from "./load.ts";

export interface SoakOptions {
  readonly root: string;
  readonly minutes: number;
  readonly seed: number;
  /** Between two restarts, on average. */
  readonly restartMs: number;
  /** Between two records of a producer. */
  readonly paceMs: number;
  readonly print: (line: string) => void;
}

export interface SoakResult {
  readonly complaints: readonly string[];
}

const SETTINGS = {
  "log.segment.bytes": "1048576",
  "offsets.topic.num.partitions": "5",
  "offsets.topic.segment.bytes": "1048576",
  "transaction.state.log.num.partitions": "5",
  "transaction.state.log.segment.bytes": "1048576",
  "share.coordinator.state.topic.num.partitions": "5",
  "share.coordinator.state.topic.segment.bytes": "1048576",
  "group.initial.rebalance.delay.ms": "0",
  "group.consumer.heartbeat.interval.ms": "1000",
  "group.consumer.min.heartbeat.interval.ms": "500",
  "auto.create.topics.enable": "false",
  "log.retention.check.interval.ms": "5000",
  "log.cleaner.backoff.ms": "2000",
  "log.segment.delete.delay.ms": "1000",
} as const;
const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const SAMPLE_MS = 10_000;
/** A turn of the event loop that waited for a machine that does other work is no fault of the broker. */
const MOST_BUSY_MS = 100;
/** Of one that begins anew again and again: all clients come at once, and find code that has not been compiled yet. */
const MOST_BUSY_YOUNG_MS = 250;
const LATE = "the event loop was late";
/** Until then caches fill, logs grow to where they are cut, and the allocator takes what it does not give back. */
const LEAST_WARM_UP_MS = 5 * MINUTE_MS;
const WARM_UP_PART = 1 / 4;
const FEWEST_SAMPLES = 12;

interface Figures {
  readonly heapMib: number;
  readonly rssMib: number;
  readonly externalMib: number;
  readonly descriptors: number;
  readonly files: number;
  readonly dataMib: number;
}

/** By how much each may rise in an hour or less, from the end of the warm-up to the end. */
const MOST_RISE: Figures = { heapMib: 4, rssMib: 24, externalMib: 8, descriptors: 16, files: 60, dataMib: 12 };
/** What none may pass, however short it is. */
const MOST: Figures = { heapMib: 64, rssMib: 400, externalMib: 120, descriptors: 400, files: 800, dataMib: 64 };

export async function soak({ root, minutes, seed, restartMs, paceMs, print }: SoakOptions): Promise<SoakResult> {
  const complaints: string[] = [];
  const complain = (complaint: string): void => {
    complaints.push(complaint);
    print(`COMPLAINT: ${complaint}`);
  };
  const place = mkdtempSync(join(tmpdir(), "odradek-soak-"));
  const order = (name: string, port: number, mostBusyMs: number) => {
    const logged = (line: LogLine): void => {
      if (!line.msg.startsWith(LATE) || (line.busyMs ?? 0) > mostBusyMs) complain(`${name} logged ${JSON.stringify(line)}`);
    };
    return { root, port, data: join(place, name), settings: SETTINGS, logged };
  };
  const random = seeded(seed);
  const steady = await BrokerProcess.start(order("steady", 0, MOST_BUSY_MS));
  let restarted = await BrokerProcess.start(order("restarted", 0, MOST_BUSY_YOUNG_MS));
  const loads = [
    new Load({ name: "steady", port: steady.port, paceMs, complain }),
    new Load({ name: "restarted", port: restarted.port, paceMs, complain }),
  ];
  await Promise.all(loads.map((load) => load.begin()));

  const untilMs = performance.now() + minutes * MINUTE_MS;
  const samples: { readonly atMs: number; readonly figures: Figures }[] = [];
  const counts = { stops: 0, kills: 0, slowestStartMs: 0, longestTurnMs: 0, busiestTurnMs: 0 };
  const measuring = (async () => {
    while (performance.now() < untilMs) {
      await sleep(Math.min(SAMPLE_MS, Math.max(1, untilMs - performance.now())));
      const { figures, delayMs, busyMs } = await figuresOf(steady, join(place, "steady"));
      counts.longestTurnMs = Math.max(counts.longestTurnMs, delayMs);
      counts.busiestTurnMs = Math.max(counts.busiestTurnMs, busyMs);
      samples.push({ atMs: performance.now(), figures });
      print(
        `${samples.length}: ${shown(figures)}, longest turn ${Math.round(delayMs)} ms, ${Math.round(busyMs)} of them busy; ${shown(loads[0]?.summary() ?? {})}`,
      );
    }
  })();
  const restarting = (async () => {
    for (;;) {
      const waitMs = restartMs * (0.5 + random());
      if (performance.now() + waitMs > untilMs) return;
      await sleep(waitMs);
      const isKill = random() < 0.5;
      if (isKill) await restarted.kill();
      else await restarted.stop();
      counts[isKill ? "kills" : "stops"]++;
      await sleep(random() * 2000);
      restarted = await BrokerProcess.start(order("restarted", restarted.port, MOST_BUSY_YOUNG_MS));
      counts.slowestStartMs = Math.max(counts.slowestStartMs, restarted.startMs);
    }
  })();
  await Promise.all([measuring, restarting]);
  await Promise.all(loads.map((load) => load.end()));
  await Promise.all([steady.stop(), restarted.stop()]);

  for (const complaint of faultsOf(samples, minutes, print)) complain(complaint);
  for (const [index, load] of loads.entries()) print(`${index === 0 ? "steady" : "restarted"}: ${shown(load.summary())}`);
  print(`restarts: ${shown(counts)}`);
  rmSync(place, { recursive: true, force: true });
  return { complaints };
}

async function figuresOf(broker: BrokerProcess, data: string): Promise<{ figures: Figures; delayMs: number; busyMs: number }> {
  const { rssBytes, heapBytes, externalBytes, descriptors, ...turns } = await broker.measure();
  const sizes = namesIn(data)
    .flatMap((name) => [name, ...namesIn(join(data, name)).map((inner) => join(name, inner))])
    .map((path) => sizeOf(join(data, path)));
  return {
    ...turns,
    figures: {
      heapMib: heapBytes / MIB,
      rssMib: rssBytes / MIB,
      externalMib: externalBytes / MIB,
      descriptors,
      files: sizes.length,
      dataMib: sizes.reduce((sum, size) => sum + size, 0) / MIB,
    },
  };
}

/** None where it is a file, or gone meanwhile. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What it takes on the disk: indexes are sparse. */
function sizeOf(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
}

function faultsOf(
  samples: readonly { readonly atMs: number; readonly figures: Figures }[],
  minutes: number,
  print: SoakOptions["print"],
): string[] {
  const warmMs = (samples[0]?.atMs ?? 0) + Math.max(LEAST_WARM_UP_MS, minutes * MINUTE_MS * WARM_UP_PART);
  const warm = samples.filter(({ atMs }) => atMs >= warmMs);
  return (Object.keys(MOST) as (keyof Figures)[]).flatMap((name) => {
    const most = Math.max(...samples.map(({ figures }) => figures[name]));
    if (most > MOST[name]) return [`${name} came to ${most.toFixed(1)}, and may to ${MOST[name]}`];
    const rise = warm.length < FEWEST_SAMPLES ? 0 : riseOf(warm.map(({ atMs, figures }) => ({ atMs, value: figures[name] })));
    print(`${name}: at most ${most.toFixed(1)}, rose by ${rise.toFixed(1)} since it was warm`);
    return rise <= MOST_RISE[name] ? [] : [`${name} rose by ${rise.toFixed(1)} in ${warm.length} samples, and may by ${MOST_RISE[name]}`];
  });
}

function shown(figures: object): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Math.round(value * 10) / 10}`)
    .join(", ");
}

/** A small generator of pseudo-random numbers in [0, 1) (mulberry32). */
function seeded(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

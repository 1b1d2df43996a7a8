// The loop over corrupted bytes: of a data folder that a broker left, each file is harmed in turn, and brokers are started on it. What is not
// harmed must be served, nothing else may be, what is wrong must be said with its place, the next start must have nothing to say, and
// everything works on.

import type { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { StorageError } from "../../src/storage/storage-error.ts";
import { Dice } from "../simulation/scheduler.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { type Cost, costOf } from "./corruption-cost.ts";
import { filesBelow, HARM_KINDS, type HarmKind } from "./corruption-harm.ts";
import { type LivedFolder, livedFolder } from "./corruption-life.ts";
import { type PartitionView, type View, viewOf } from "./corruption-view.ts";
import { FaultyBroker, FOLDER } from "./faulty-broker.ts";
import type { Knowledge } from "./knowledge.ts";
import { Life } from "./life.ts";
import { CRASH, type Loop, type Mode } from "./loop.ts";
import { checkWorks } from "./works.ts";

interface Begun extends LivedFolder {
  /** What is answered where nothing is harmed. */
  readonly whole: View;
  readonly paths: readonly string[];
  readonly timestamps: readonly number[];
}

const KIND_BY_MODE = new Map(HARM_KINDS.map((kind) => [kind.name, kind]));
const MODES: readonly Mode[] = HARM_KINDS.map(({ name, title }) => ({ ...CRASH, name, title }));
const MAX = Number.MAX_SAFE_INTEGER;
/** Of the records' times, so many are asked for. */
const TIMES = 6;

export const CORRUPTION: Loop = corruptionOf("corruption", "bytes of a folder are harmed that a broker left in order", false);
export const CORRUPTION_KILLED: Loop = corruptionOf("corruption-killed", "bytes of a folder are harmed whose broker was killed", true);

function corruptionOf(name: string, title: string, isKilled: boolean): Loop {
  return {
    name,
    title,
    modes: MODES,
    prepare: async (mode) => {
      const kind = KIND_BY_MODE.get(mode.name);
      if (kind === undefined) throw new Error(`no harm is called ${mode.name}`);
      const begun = await begin(isKilled);
      const places = placesOf(begun, kind);
      return {
        count: async () => places.length,
        run: async (fault, seed) => {
          const place = places[fault - 1];
          if (place !== undefined) await run(begun, kind, place, new Dice(seed * 1_000_003 + fault));
        },
      };
    },
  };
}

interface HarmedPlace {
  readonly path: string;
  readonly index: number;
  readonly count: number;
}

function placesOf({ files, paths }: Begun, kind: HarmKind): HarmedPlace[] {
  return paths.flatMap((path) => {
    const count = kind.places(files.stat(path)?.sizeBytes ?? 0);
    return Array.from({ length: count }, (_, index) => ({ path, index, count }));
  });
}

const begunFolders: Map<boolean, Promise<Begun>> = new Map();

function begin(isKilled: boolean): Promise<Begun> {
  const begun = begunFolders.get(isKilled) ?? beginAnew(isKilled);
  begunFolders.set(isKilled, begun);
  return begun;
}

async function beginAnew(isKilled: boolean): Promise<Begun> {
  const lived = await livedFolder(isKilled);
  const files = copyOf(lived.files);
  const started = await start(files, lived.nowMs);
  const timestamps = timestampsOf(lived);
  const whole = await viewOf(started.broker, lived.knowledge, timestamps);
  await started.broker.discard();
  const said = spoken(started.lines);
  if (said.length > 0) throw new Error(`a start on what is whole says: ${said.map(textOf).join("; ")}`);
  return { ...lived, whole, timestamps, paths: filesBelow(lived.files, FOLDER).filter((path) => !path.endsWith("/.lock")) };
}

function timestampsOf({ nowMs }: LivedFolder): number[] {
  return Array.from({ length: TIMES }, (_, index) => nowMs - 200 * 4 ** index);
}

interface Started {
  readonly broker: FaultyBroker;
  readonly lines: RecordedLine[];
}

async function start(filesystem: MemoryFilesystem, startMs: number): Promise<Started> {
  const lines: RecordedLine[] = [];
  return { broker: await FaultyBroker.start({ filesystem, seed: 3, startMs, logger: recordingLogger(lines) }), lines };
}

/** Lines that somebody should read. */
function spoken(lines: readonly RecordedLine[]): RecordedLine[] {
  return lines.filter(({ level }) => level === "warn" || level === "error");
}

async function run(begun: Begun, kind: HarmKind, { path, index, count }: HarmedPlace, dice: Dice): Promise<void> {
  const files = copyOf(begun.files);
  const before = files.readFile(path);
  const after = kind.harm(before, { index, count }, dice);
  if (after?.equals(before) === true) return;
  if (after === undefined) files.remove(path);
  else files.replaceFile(path, after);
  const cost = costOf(begun, path, after);
  try {
    await checkHarmed(begun, files, cost);
  } catch (error) {
    throw new Error(`${path} (${placeOf(before, after)}): ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function placeOf(before: Buffer, after: Buffer | undefined): string {
  if (after === undefined) return "missing";
  let at = 0;
  while (at < after.length && before[at] === after[at]) at++;
  return `${before.length} bytes, ${after.length === before.length ? "" : `now ${after.length}, `}other from ${at} on`;
}

async function checkHarmed(begun: Begun, files: MemoryFilesystem, cost: Cost): Promise<void> {
  const knowledge = structuredClone(begun.knowledge);
  let started: Started;
  try {
    started = await start(files, begun.nowMs);
  } catch (error) {
    checkRefusal(error, cost);
    return;
  }
  const { broker, lines } = started;
  const view = await viewOf(broker, knowledge, begun.timestamps);
  const losses = compare(begun, view, cost);
  await broker.pass(12_000);
  compareRecords(begun, await viewOf(broker, knowledge, []), cost);
  checkSaid(lines, cost, losses);
  await checkWorks(new Life(broker, knowledge, true), { isDurable: !cost.isOfRecords, keepsDeletions: true, isWithoutHoles: false });
  await broker.stop();
  await checkNext(files, broker.clock.now(), { begun, knowledge, cost, view });
}

interface Earlier {
  readonly begun: Begun;
  readonly knowledge: Knowledge;
  readonly cost: Cost;
  readonly view: View;
}

async function checkNext(files: MemoryFilesystem, nowMs: number, { begun, knowledge, cost, view }: Earlier): Promise<void> {
  const { broker, lines } = await start(files, nowMs);
  // Records that are damaged stay so, and so does a transaction of which the state is lost.
  const isOfState = cost.partition?.startsWith("__transaction_state-") === true;
  const isKnown = (text: string) =>
    (cost.isOfRecords && text.includes(cost.path)) || (isOfState && text.startsWith("gave up writing a transaction marker"));
  const said = spoken(lines).filter((line) => !isKnown(textOf(line)));
  if (said.length > 0) throw new Error(`the next start says: ${said.map(textOf).join("; ")}`);
  const again = await viewOf(broker, knowledge, []);
  for (const [name, { all, committed }] of view.partitions) {
    const other = again.partitions.get(name);
    for (const [offset, value] of all)
      if (other?.all.get(offset) !== value && !name.startsWith("keys")) throw new Error(`the next start has no "${value}" in ${name}`);
    for (const [offset, value] of committed)
      if (other?.committed.get(offset) !== value && !name.startsWith("keys")) throw new Error(`the next start hides "${value}" in ${name}`);
  }
  compareRecords(begun, again, cost, true);
  await broker.discard();
}

function checkRefusal(error: unknown, { path, mayRefuse }: Cost): void {
  if (!(error instanceof StorageError)) throw error;
  if (!error.message.includes(path)) throw new Error(`the refusal does not name the file: ${error.message}`, { cause: error });
  if (!mayRefuse) throw new Error(`the start is refused: ${error.message}`, { cause: error });
}

/** Gives what was lost, in words. */
function compare(begun: Begun, view: View, cost: Cost): string[] {
  const losses = compareRecords(begun, view, cost);
  for (const [name, before] of begun.whole.partitions) {
    const after = view.partitions.get(name);
    if (after === undefined) continue;
    if (cost.partition === name && cost.isOfRecords) continue;
    compareAnswers(name, { before, after, cost });
  }
  for (const [name, value] of begun.whole.registers) {
    const now = view.registers.get(name);
    if (now === value) continue;
    if (!cost.mayForget(name)) throw new Error(`${name} is ${now} instead of ${value}`);
    losses.push(name);
  }
  return losses;
}

function compareAnswers(
  name: string,
  { before, after, cost }: { readonly before: PartitionView; readonly after: PartitionView; readonly cost: Cost },
): void {
  for (const field of ["logStartOffset", "logEndOffset", "lastStableOffset"] as const)
    if (before[field] !== after[field] && !cost.mayDiffer(name, field, after[field]))
      throw new Error(`${field} of ${name} is ${after[field]} instead of ${before[field]}`);
  for (const [timestamp, offset] of before.byTime)
    if (after.byTime.get(timestamp) !== offset && !cost.mayLose(name, offset, "all"))
      throw new Error(`of ${name}, ${timestamp} is found at ${after.byTime.get(timestamp)} instead of ${offset}`);
  if (!cost.mayMistakeEpochs && before.epochs.join() !== after.epochs.join())
    throw new Error(`the leader epochs of ${name} end at ${after.epochs.join(", ")} instead of ${before.epochs.join(", ")}`);
}

/** @param hasMore records that were appended since are there, too */
function compareRecords({ whole }: Begun, view: View, cost: Cost, hasMore = false): string[] {
  const losses: string[] = [];
  for (const [name, before] of whole.partitions) {
    const after = view.partitions.get(name);
    if (after === undefined) {
      if (!cost.mayForget(`partition ${name}`)) throw new Error(`${name} is gone`);
      continue;
    }
    for (const kind of ["all", "committed"] as const) {
      for (const [offset, value] of after[kind]) {
        const firstNew = hasMore ? Math.min(before.logEndOffset, cost.partition === name ? cost.lostFrom : MAX) : MAX;
        if (before[kind].get(offset) === value || offset >= firstNew) continue;
        if (kind === "committed" && before.all.get(offset) === value && (hasMore || cost.mayShow(name, offset))) continue;
        if (cost.mayMove(name, value)) continue;
        throw new Error(
          `${name} serves "${value.slice(0, 20)}" at ${offset} for ${kind}, where it had "${before[kind].get(offset)?.slice(0, 20)}"`,
        );
      }
      for (const [offset, value] of before[kind]) {
        if (after[kind].get(offset) === value || isOvertaken(name, offset, value, after[kind])) continue;
        if (!cost.mayLose(name, offset, kind)) throw new Error(`${name} has lost "${value.slice(0, 20)}" at ${offset} for ${kind}`);
        losses.push(`${name} ${offset}`);
      }
    }
  }
  return losses;
}

/** Compaction goes on meanwhile. */
function isOvertaken(name: string, offset: number, value: string, records: ReadonlyMap<number, string>): boolean {
  const key = value.split(" ")[0];
  return name.startsWith("keys") && [...records].some(([later, other]) => later > offset && other.split(" ")[0] === key);
}

function checkSaid(lines: readonly RecordedLine[], cost: Cost, losses: readonly string[]): void {
  const said = spoken(lines);
  const named = said.filter((line) => textOf(line).includes(cost.path));
  if (named.length > 0) {
    if (cost.hasPosition && !named.some((line) => /[pP]osition|byte \d/.test(textOf(line))))
      throw new Error(`no position is said: ${named.map(textOf).join("; ")}`);
    return;
  }
  if (cost.mayBeSilent && (losses.length === 0 || cost.isOfRecords || cost.isBelieved)) return;
  throw new Error(`nothing is said of it${said.length === 0 ? "" : `, only ${said.map(textOf).join("; ")}`}; lost: ${losses.join(", ")}`);
}

function textOf({ message, facts }: RecordedLine): string {
  const facts1 = JSON.stringify(facts, (_, value) => (value instanceof Error ? { ...value, message: value.message } : value));
  return `${message} ${facts1}`;
}

function copyOf(files: MemoryFilesystem): MemoryFilesystem {
  return new FailingFilesystem(files, "crash", Number.POSITIVE_INFINITY).afterwards();
}

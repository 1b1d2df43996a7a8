// One run of a fault loop: a scenario is lived, its disk fails at the n-th operation, and what is left is looked at: by the same broker once the
// disk works again, or by the next one, whose start may be cut short as well.

import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { SettingInputs } from "../../src/config/broker-config.ts";
import { Dice } from "../simulation/scheduler.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { FaultyBroker, FOLDER } from "./faulty-broker.ts";
import { checkFolder } from "./folder-check.ts";
import { type Knowledge, newKnowledge } from "./knowledge.ts";
import { isCrash, Life } from "./life.ts";
import { type Loop, MODES, type Mode } from "./loop.ts";
import { checkRecoversTwice } from "./recovers-twice.ts";
import type { Scenario } from "./scenario.ts";
import { checkServed } from "./served.ts";
import { checkWorks } from "./works.ts";

/** What a scenario begins with. */
interface Prepared {
  readonly scenario: Scenario;
  readonly mode: Mode;
  readonly files: MemoryFilesystem;
  readonly knowledge: Knowledge;
  readonly nowMs: number;
}

export function loopOf(scenario: Scenario): Loop {
  return {
    name: scenario.name,
    title: scenario.title,
    modes: MODES,
    prepare: async (mode) => {
      const prepared = await prepare(scenario, mode);
      return {
        count: () => live(prepared, { failAt: Number.POSITIVE_INFINITY, seed: 1 }),
        run: async (failAt, seed) => {
          await live(prepared, { failAt, seed });
        },
      };
    },
  };
}

const START_MS = 1_700_000_000_000;

async function prepare(scenario: Scenario, mode: Mode): Promise<Prepared> {
  const disk = new FailingFilesystem(new MemoryFilesystem(), "crash", Number.POSITIVE_INFINITY);
  const settings = { ...mode.settings, ...scenario.settings };
  const knowledge = newKnowledge();
  const broker = await FaultyBroker.start({ filesystem: disk, seed: 1, startMs: START_MS, settings });
  await scenario.prepare?.(new Life(broker, knowledge, mode.promises.isDurable));
  const killed = disk.afterwards();
  if (scenario.isKilledBefore === true) await broker.discard();
  else await broker.stop();
  return { scenario, mode, files: scenario.isKilledBefore === true ? killed : disk.afterwards(), knowledge, nowMs: broker.clock.now() };
}

interface Fault {
  /** Of the operations in the part of the life that may fail. */
  readonly failAt: number;
  readonly seed: number;
}

/** Gives how many operations there were. */
async function live(prepared: Prepared, { failAt, seed }: Fault): Promise<number> {
  const { scenario, mode, nowMs } = prepared;
  const dice = new Dice(seed * 1_000_003 + (Number.isFinite(failAt) ? failAt : 0));
  const disk = new FailingFilesystem(copyOf(prepared.files), mode.kind, Number.POSITIVE_INFINITY);
  const knowledge = structuredClone(prepared.knowledge);
  const settings = { ...mode.settings, ...scenario.settings };
  const options = {
    filesystem: disk,
    seed: 2,
    startMs: nowMs,
    settings,
    hasCrashed: () => disk.hasCrashed,
    isKilled: () => mode.endsProcess === true && disk.failureCount > 0,
  };
  if (scenario.failsFromStart === true) disk.failAt(failAt, mode.count);
  let broker: FaultyBroker | undefined;
  let before = 0;
  try {
    broker = await FaultyBroker.start(options);
    if (scenario.failsFromStart !== true) {
      before = disk.operationCount;
      disk.failAt(before + failAt, mode.count);
    }
    const life = new Life(broker, knowledge, mode.promises.isDurable);
    await scenario.live(life);
    if (scenario.stops === true) await broker.settled(broker.stop(), "stop");
  } catch (error) {
    const isOfStart = broker === undefined && disk.failureCount > 0;
    if (!isCrash(error) && !disk.hasCrashed && !isOfStart) throw error;
  }
  const operations = disk.operationCount - before;
  disk.failAt(Number.POSITIVE_INFINITY);
  const left = disk.afterwards(dice);
  const isKilled = disk.hasCrashed || options.isKilled();
  const after = { ...prepared, knowledge, settings, nowMs: broker?.clock.now() ?? nowMs };
  if (broker !== undefined && !isKilled && scenario.stops !== true) await checkHealed(broker, disk, after);
  else await broker?.discard();
  await checkNext(isKilled ? left : disk.afterwards(dice), after, dice);
  return operations;
}

interface Afterwards extends Prepared {
  readonly settings: SettingInputs;
}

/** The broker lived through it: after a while it serves as before. */
async function checkHealed(broker: FaultyBroker, disk: FailingFilesystem, { mode, knowledge }: Afterwards): Promise<void> {
  await broker.pass(30_000);
  await checkServed(broker, knowledge, mode.promises);
  await checkWorks(new Life(broker, knowledge, true), mode.promises);
  await checkServed(broker, knowledge, mode.promises);
  await broker.stop();
  if (mode.kind !== "power") checkFolder(disk.afterwards(), FOLDER, true);
}

/** The next brokers find what is left. */
async function checkNext(left: MemoryFilesystem, after: Afterwards, dice: Dice): Promise<void> {
  const { mode, knowledge, nowMs, settings } = after;
  checkRecoversTwice(copyOf(left));
  const files = await cutShortAgain(left, after, dice);
  checkRecoversTwice(copyOf(files));
  const broker = await FaultyBroker.start({ filesystem: files, seed: 3, startMs: nowMs, settings });
  await broker.pass(1000);
  await checkServed(broker, knowledge, mode.promises);
  await checkWorks(new Life(broker, knowledge, true), mode.promises);
  await checkServed(broker, knowledge, { ...mode.promises });
  await broker.stop();
  checkFolder(files, FOLDER, true);
  const last = await FaultyBroker.start({ filesystem: files, seed: 4, startMs: broker.clock.now(), settings });
  await checkServed(last, knowledge, mode.promises);
  await last.discard();
}

/** A start that ends in the middle, in the same way. */
async function cutShortAgain(files: MemoryFilesystem, { mode, nowMs, settings }: Afterwards, dice: Dice): Promise<MemoryFilesystem> {
  const kind = mode.kind === "power" ? "power" : "crash";
  const disk = new FailingFilesystem(copyOf(files), kind, dice.between(1, 60));
  try {
    const broker = await FaultyBroker.start({ filesystem: disk, seed: 5, startMs: nowMs, settings, hasCrashed: () => disk.hasCrashed });
    await broker.discard();
    return disk.afterwards(dice);
  } catch (error) {
    if (!disk.hasCrashed) throw error;
    return disk.afterwards(dice);
  }
}

function copyOf(files: MemoryFilesystem): MemoryFilesystem {
  return new FailingFilesystem(files, "crash", Number.POSITIVE_INFINITY).afterwards();
}

// A scenario is run on Apache Kafka and on Odradek, on both at once, and what it observed must be the same. It gives plain data, without what
// may differ from one run to the next: ids, ports, times.
//
// With INTEROP_ONLY=kafka the observation is kept in .cache/interop/observed; with INTEROP_ONLY=odradek it is compared with the kept one.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { type BrokerName, type BrokerUnderTest, CACHE } from "./broker-under-test.ts";
import { isDisklessRun } from "./diskless-storage.ts";
import { hasServices } from "./machines/services.ts";

export type Observation = null | boolean | number | string | readonly Observation[] | { readonly [name: string]: Observation };
export type Scenario = (broker: BrokerUnderTest) => Promise<Observation>;

const NOT_OBSERVED = "nothing was observed of Kafka yet: run with INTEROP_ONLY=kafka once";
const OBSERVED = join(CACHE, "observed");

/** Fails where what was observed of Odradek is not as what was observed of Kafka. */
export type Judge = (observed: Observation, expected: Observation) => void;

const same: Judge = (observed, expected) => expect(observed, "as on Apache Kafka").toEqual(expected);

/** For what is measured: numbers may be apart by a tenth, the rest is the same. */
export const withinATenth: Judge = (observed, expected) => {
  if (typeof expected === "number" && typeof observed === "number") {
    expect(Math.abs(observed - expected), `${observed} is as ${expected} on Apache Kafka`).toBeLessThanOrEqual(Math.abs(expected) / 10);
  } else if (typeof expected === "object" && expected !== null && typeof observed === "object" && observed !== null) {
    expect(Object.keys(observed)).toEqual(Object.keys(expected));
    const values = Object.values(observed) as Observation[];
    for (const [index, value] of Object.values(expected).entries()) withinATenth(values[index] ?? null, value as Observation);
  } else {
    same(observed, expected);
  }
};

export interface CompareOptions {
  /** What it observes is a matter of time: it runs on one broker after the other. So do scenarios of which several run at once. */
  readonly isTimed?: boolean;
  /** Default: they are the same. */
  readonly judge?: Judge;
  /** It looks into the data folder: left out where Odradek has none. */
  readonly readsFolder?: boolean;
  /** What of both observations is compared where Odradek's data is in PostgreSQL and an object store. Default: all. */
  readonly diskless?: (observed: Observation) => Observation;
  /**
   * Where these services are there, the scenario runs on Odradek over both of them, too, in every run; all scenarios do with
   * INTEROP_ENGINE=diskless. Only for those that start brokers of their own, of the kind that they are given.
   */
  readonly alsoDiskless?: boolean;
}

export function compare(title: string, scenario: Scenario, options: CompareOptions = {}): void {
  it(title, async (context) => {
    const kafka = brokerOf("kafka");
    const odradek = brokerOf("odradek");
    if (kafka === undefined && odradek === undefined) return context.skip("there is no Kafka reference to compare with");
    if (options.readsFolder === true && odradek?.isDiskless === true) return context.skip("there is no data folder to look into");
    if (kafka === undefined && keptObservation(title) === undefined) return context.skip(NOT_OBSERVED);
    const ofKafka = async () => kafka && keepObservation(title, await scenario(kafka));
    const ofOdradek = async () => odradek && scenario(odradek);
    const isOneByOne = options.isTimed === true || context.task.concurrent === true;
    const observed = await (isOneByOne ? ofKafka().then(ofOdradek) : bothOf(ofKafka(), ofOdradek()));
    if (odradek === undefined || observed === undefined) return;
    judge(observed, keptObservation(title) ?? null, { ...options, isDiskless: odradek.isDiskless });
  });
  if (options.alsoDiskless !== true || isDisklessRun()) return;
  it(`${title}: over PostgreSQL and an object store`, async (context) => {
    const odradek = brokerOf("odradek");
    const expected = keptObservation(title);
    if (odradek === undefined) return context.skip("Odradek is not among the brokers");
    if (!hasServices()) return context.skip("PostgreSQL or the object store is missing");
    if (expected === undefined) return context.skip(NOT_OBSERVED);
    const observed = await scenario({ ...odradek, bootstrap: "the scenario's own", isDiskless: true });
    judge(observed, expected, { ...options, isDiskless: true });
  });
}

/** What the second gives. Neither is left alone: the failure of one is told when the other is over, too. */
async function bothOf<T>(one: Promise<unknown>, other: Promise<T>): Promise<T> {
  await Promise.allSettled([one, other]);
  await one;
  return other;
}

function brokerOf(kind: BrokerName): BrokerUnderTest | undefined {
  return inject("brokers").find(({ name }) => name === kind);
}

function judge(observed: Observation, expected: Observation, options: CompareOptions & { readonly isDiskless: boolean }): void {
  const { judge: judges = same, diskless, isDiskless } = options;
  if (isDiskless && diskless !== undefined) judges(diskless(observed), diskless(expected));
  else judges(observed, expected);
}

/** Which broker writes and which one reads in scenarios that start brokers of their own: Odradek writes unless only Kafka is there. */
export function writerName(): BrokerName {
  return inject("brokers").some((broker) => broker.name === "odradek") ? "odradek" : "kafka";
}

function keepObservation(title: string, observation: Observation): void {
  mkdirSync(OBSERVED, { recursive: true });
  writeFileSync(observationPath(title), `${JSON.stringify(observation, null, 1)}\n`);
}

function keptObservation(title: string): Observation | undefined {
  const path = observationPath(title);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Observation) : undefined;
}

function observationPath(title: string): string {
  return join(OBSERVED, `${title.replace(/[^A-Za-z0-9]+/g, "-")}.json`);
}

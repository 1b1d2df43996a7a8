// A scenario is run on Apache Kafka and then on Odradek, and what it observed must be the same. It gives plain data, without what may
// differ from one run to the next: ids, ports, times.
//
// With INTEROP_ONLY=kafka the observation is kept in .cache/interop/observed; with INTEROP_ONLY=odradek it is compared with the kept one.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, inject, it } from "vitest";
import { type BrokerName, type BrokerUnderTest, CACHE } from "./broker-under-test.ts";
import { disklessBroker, stopDisklessBroker } from "./diskless-broker.ts";
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
  /** Default: they are the same. */
  readonly judge?: Judge;
  /** It looks into the data folder: left out where Odradek has none. */
  readonly readsFolder?: boolean;
  /**
   * Among the few that each run does on Odradek a second time, over PostgreSQL and an object store as the only broker of a cluster, if these are
   * there. All of them are by INTEROP_ENGINE=diskless.
   */
  readonly alsoDiskless?: boolean;
}

export function compare(title: string, scenario: Scenario, options: CompareOptions = {}): void {
  const { judge = same, readsFolder = false, alsoDiskless = false } = options;
  it(title, async (context) => {
    const brokers = inject("brokers");
    const byName = new Map(brokers.map((broker) => [broker.name, broker]));
    const kafka = byName.get("kafka");
    const odradek = byName.get("odradek");
    if (kafka === undefined && odradek === undefined) return context.skip("there is no Kafka reference to compare with");
    if (readsFolder && odradek?.isDiskless === true) return context.skip("there is no data folder to look into");
    const expected = kafka === undefined ? keptObservation(title) : await scenario(kafka);
    if (kafka !== undefined) keepObservation(title, expected ?? null);
    if (odradek === undefined) return;
    if (expected === undefined) return context.skip(NOT_OBSERVED);
    judge(await scenario(odradek), expected);
  });
  if (!alsoDiskless || isDisklessRun()) return;
  afterAll(stopDisklessBroker);
  compareDiskless(title, scenario, judge);
}

/** With what was observed of Kafka just before. */
function compareDiskless(title: string, scenario: Scenario, judge: Judge): void {
  it(`${title}: over PostgreSQL and an object store`, async (context) => {
    if (!inject("brokers").some(({ name }) => name === "odradek")) return context.skip("Odradek is not among the brokers");
    if (!hasServices()) return context.skip("there is no PostgreSQL or no object store");
    const expected = keptObservation(title);
    if (expected === undefined) return context.skip(NOT_OBSERVED);
    judge(await scenario(await disklessBroker()), expected);
  });
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

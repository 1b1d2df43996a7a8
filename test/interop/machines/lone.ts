// One seed on a lone broker, a process on a folder of its own, which its clients reach by a line: it is stopped, killed, made to stand still
// and cut off from them. Of either kind; nobody takes over, so it is its files alone that keep what was promised.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BrokerName, CACHE, formattedKafka, KAFKA_IS_READY, KAFKA_REFERENCE } from "../broker-under-test.ts";
import { port } from "../port.ts";
import { Line } from "./line.ts";
import { type BrokerCommand, BrokerProcesses, odradekCommand } from "./machines.ts";
import type { Deed } from "./plan.ts";
import { type Outcome, runScenario } from "./scenario.ts";
import { LENGTH_MS, LIMITS, MACHINE_SETTINGS, SESSION_MS } from "./seed.ts";

/** Of the line; the broker listens on the next one, and Kafka's controller on the one after it. */
const PORT = port(19560);
const ALL: readonly Deed["does"][] = ["stop", "kill", "kill", "freeze", "cut", "cut", "grow"];

export interface LoneOptions {
  readonly kind?: BrokerName;
  /** Of the tree whose broker runs; default: this one. */
  readonly root?: string;
  /** Names what is made for it, beside the seed. */
  readonly title?: string;
  readonly deeds?: readonly Deed["does"][];
}

export async function runLoneSeed(seed: number, { kind = "odradek", root, title = kind, deeds = ALL }: LoneOptions): Promise<Outcome> {
  const folder = join(CACHE, "lone", `${title}-${seed}`);
  rmSync(folder, { recursive: true, force: true });
  const dataFolder = join(folder, "data");
  const settings = { ...MACHINE_SETTINGS, "advertised.listeners": `PLAINTEXT://127.0.0.1:${PORT}` };
  const command: BrokerCommand =
    kind === "odradek"
      ? odradekCommand({ root, port: PORT + 1, storage: ["--data", dataFolder], settings })
      : { command: KAFKA_REFERENCE, args: await formattedKafka({ port: PORT + 1, dataFolder, settings }), ready: KAFKA_IS_READY };
  const lines = new Map([["0 clients", await Line.open({ port: PORT, servicePort: PORT + 1 })]]);
  const broker = new BrokerProcesses({
    places: 1,
    portOf: () => PORT,
    lines,
    commandOf: () => command,
    logFolder: join(folder, "brokers"),
  });
  try {
    await broker.start(0);
    return await runScenario({
      ...{ seed, machines: broker, deeds, places: 1, free: 0, services: [], mostAway: 1 },
      ...{ lengthMs: LENGTH_MS, sessionMs: SESSION_MS, limits: LIMITS },
      folder: join(folder, "clients"),
      isObserved: kind === "odradek",
    });
  } finally {
    await broker.close();
  }
}

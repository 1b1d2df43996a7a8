// The rows of the matrix: every client with the nine scenarios, and applications with scenarios of their own.

import type { BrokerUnderTest } from "../broker-under-test.ts";
import { type About, ClientProcess } from "../client-process.ts";
import { CLIENT_PROGRAMS, type ClientName, type ClientProgram } from "../client-programs.ts";
import type { Observation } from "../compare.ts";
import { ADMINISTRATION } from "./administration.ts";
import { Bench, type Scenario } from "./bench.ts";
import { GROUP_SCENARIOS } from "./groups.ts";
import { RECORD_SCENARIOS } from "./records.ts";
import { REFUSALS } from "./refusals.ts";
import { RESTART } from "./restart.ts";
import { RestartRounds } from "./restart-rounds.ts";
import { TRANSACTIONS } from "./transactions.ts";

/** What is known of a client once it is there. */
export type Opened = Pick<About, "version" | "lacks">;

export interface Cell {
  readonly title: string;
  /** Why there is no point in it for this client, if so. */
  cannot?(opened: Opened): string | undefined;
  run(broker: BrokerUnderTest): Promise<Observation>;
}

export interface Row {
  readonly client: string;
  readonly language: ClientProgram["language"];
  /** Of what takes minutes to build or to run, whether it does not: where not all is asked for it is left out if it does. */
  readonly isReady?: (() => boolean) | undefined;
  /** Installs it. Rejects with why it cannot be had. */
  open(): Promise<Opened>;
  readonly cells: readonly Cell[];
}

const [codecs, times, idempotence] = RECORD_SCENARIOS;
const [members, resumption] = GROUP_SCENARIOS;
const SCENARIOS = [codecs, members, resumption, times, idempotence, TRANSACTIONS, ADMINISTRATION, REFUSALS].filter(
  (each) => each !== undefined,
);

/**
 * @param clients that take part; they share a broker that is restarted
 * @param bootstrap a broker that is there, for who must have one to say what it is
 */
export function clientRows(clients: readonly ClientName[], bootstrap: string): { rows: Row[]; stop: () => Promise<void> } {
  const abouts = new Map(clients.map((client) => [client, once(() => aboutOf(client, bootstrap))]));
  const participants = async () => {
    const asked = await Promise.all([...abouts].map(async ([client, about]) => ({ client, about: await about().catch(() => undefined) })));
    return asked.flatMap(({ client, about }) => (about === undefined || lacking(RESTART, about) !== undefined ? [] : [{ client, about }]));
  };
  const rounds = new RestartRounds(participants);
  const rows = [...abouts].map(([client, about]): Row => {
    const { language, isReady }: ClientProgram = CLIENT_PROGRAMS[client];
    const cells: Cell[] = SCENARIOS.map((scenario) => ({
      title: scenario.title,
      cannot: (opened) => lacking(scenario, opened),
      run: async ({ bootstrap }) => play(scenario, { client, about: await about(), bootstrap }),
    }));
    const restart: Cell = {
      title: RESTART.title,
      cannot: (opened) => lacking(RESTART, opened),
      run: (broker) => rounds.of(client, broker),
    };
    return { client, language, isReady, open: about, cells: [...cells, restart] };
  });
  return { rows, stop: () => rounds.stop() };
}

function lacking({ needs }: Pick<Scenario, "needs">, { lacks }: Opened): string | undefined {
  return needs.map((call) => lacks[call]).find((why) => why !== undefined);
}

async function aboutOf(client: ClientName, bootstrap: string): Promise<About> {
  const process = await ClientProcess.start(client, bootstrap);
  try {
    return await process.call("about", {});
  } finally {
    await process.stop();
  }
}

async function play(scenario: Scenario, of: { client: ClientName; about: About; bootstrap: string }): Promise<Observation> {
  const bench = new Bench({ ...of, name: `${of.client}-${scenario.title.replaceAll(/[^a-z]+/g, "-")}` });
  try {
    return await scenario.run(bench);
  } finally {
    await bench.close();
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

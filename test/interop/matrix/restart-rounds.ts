// The restart of a broker, of this file's own, for several clients at a time: it is restarted when each of them is under way.

import type { BrokerName, BrokerUnderTest } from "../broker-under-test.ts";
import type { About } from "../client-process.ts";
import type { ClientName } from "../client-programs.ts";
import type { Observation } from "../compare.ts";
import { port } from "../port.ts";
import { RestartableBrokers } from "../restartable-brokers.ts";
import { Bench } from "./bench.ts";
import { throughRestart } from "./restart.ts";

interface Participant {
  readonly client: ClientName;
  readonly about: About;
}

/** Each has two processes. */
const AT_A_TIME = 6;

export class RestartRounds {
  readonly #brokers = new RestartableBrokers({ title: "matrix", ports: { kafka: port(19386), odradek: port(19486) } });
  readonly #participants: () => Promise<readonly Participant[]>;
  readonly #played = new Map<BrokerName, Promise<ReadonlyMap<ClientName, PromiseSettledResult<Observation>>>>();

  constructor(participants: () => Promise<readonly Participant[]>) {
    this.#participants = participants;
  }

  /** What came of this client. Who asks first has it played for all. */
  async of(client: ClientName, broker: BrokerUnderTest): Promise<Observation> {
    const playing = this.#played.get(broker.name) ?? this.#play(broker);
    this.#played.set(broker.name, playing);
    const outcome = (await playing).get(client);
    if (outcome === undefined) throw new Error(`${client} was not among those that played`);
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }

  stop(): Promise<void> {
    return this.#brokers.stop();
  }

  async #play(broker: BrokerUnderTest): Promise<Map<ClientName, PromiseSettledResult<Observation>>> {
    const participants = await this.#participants();
    const outcomes = new Map<ClientName, PromiseSettledResult<Observation>>();
    for (let index = 0; index < participants.length; index += AT_A_TIME) {
      const batch = participants.slice(index, index + AT_A_TIME);
      const settled = await this.#round(broker, batch);
      for (const [position, outcome] of settled.entries()) outcomes.set(batch[position]?.client as ClientName, outcome);
    }
    return outcomes;
  }

  async #round(broker: BrokerUnderTest, batch: readonly Participant[]): Promise<PromiseSettledResult<Observation>[]> {
    const { bootstrap } = await this.#brokers.of(broker);
    const restarted = Promise.withResolvers<void>();
    let missing = batch.length;
    const arrive = (): Promise<void> => {
      if (--missing === 0) this.#brokers.restart(broker, "stop").then(restarted.resolve, restarted.reject);
      return restarted.promise;
    };
    const take = async (participant: Participant): Promise<Observation> => {
      const bench = new Bench({ ...participant, bootstrap, name: `${participant.client}-restart` });
      let hasArrived = false;
      try {
        return await throughRestart(bench, () => {
          hasArrived = true;
          return arrive();
        });
      } finally {
        if (!hasArrived) void arrive();
        await bench.close();
      }
    };
    return Promise.allSettled(batch.map(take));
  }
}

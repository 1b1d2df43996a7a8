// The schema registry as one broker answers it, among all that share it through the topic `_schemas`. Before it answers it has read what there is in the
// topic, wherever that was written. What changes something is done by the broker that leads the topic; others pass it on to that one as they got it
// (passed-on.ts), once it is clear that the client may do it.
//
//   read     any broker: reads the topic to its end, answers
//   change   the leader: waits for its turn, reads the topic to its end, decides, writes   ·   others: pass it on
//
// While the leader moves, or opens the topic, a request waits for some time.

import type { Services } from "../api/services.ts";
import type { Logger } from "../base/logger.ts";
import { notForwarded } from "./errors.ts";
import type { RegistryAnswer, RegistryRequest } from "./http/exchange.ts";
import { EVERYTHING, type Permits, registryHandler } from "./http/handle.ts";
import type { Need } from "./http/routes.ts";
import { type Passed, passOn, takePassedOn } from "./passed-on.ts";
import { SchemaRegistry } from "./registry.ts";
import { NotWriter } from "./schema-log.ts";
import { TopicSchemaLog, TopicUnavailable } from "./topic-log.ts";

const RETRY_MS = 50;
const GIVE_UP_MS = 10_000;
/** Of what stands in records of others. */
const LOGGED_CHARACTERS = 500;

type Act = () => Promise<RegistryAnswer>;

export class KeptRegistry {
  readonly #services: Services;
  readonly #logger: Logger;
  readonly #log: TopicSchemaLog;
  readonly #registry: SchemaRegistry;
  readonly #handle: ReturnType<typeof registryHandler>;

  constructor(services: Services) {
    this.#services = services;
    this.#logger = services.logLevels.logger("registry");
    this.#log = new TopicSchemaLog(services);
    this.#registry = new SchemaRegistry(this.#log, (key, reason) =>
      this.#logger.warn({ key: key.slice(0, LOGGED_CHARACTERS), reason }, "left out a record of the schema registry's topic"),
    );
    this.#handle = registryHandler(this.#registry, {
      around: (need, request, act) => this.#around(need, request, act),
      onFailure: (error, { method, path }) => this.#logger.error({ err: error, method, path }, "a request to the schema registry failed"),
    });
  }

  /** Never rejects. */
  answer(request: RegistryRequest, permits: Permits): Promise<RegistryAnswer> {
    return this.#handle(request, permits);
  }

  answerPassedOn(requestData: Buffer): Promise<Passed> {
    return takePassedOn(requestData, async (request) => (this.#isElsewhere ? undefined : await this.#handle(request, EVERYTHING)));
  }

  get #isElsewhere(): boolean {
    return ![undefined, this.#services.brokerId].includes(this.#log.writer);
  }

  async #around(need: Need, request: RegistryRequest, act: Act): Promise<RegistryAnswer> {
    if (need === "nothing") return await act();
    const { clock } = this.#services;
    for (const startMs = clock.now(); ; ) {
      try {
        if (need === "READ") await this.#registry.catchUp();
        else if (this.#isElsewhere) return await this.#passOn(request);
        return await act();
      } catch (error) {
        if (!(error instanceof NotWriter || error instanceof TopicUnavailable)) throw error;
        if (clock.now() - startMs < GIVE_UP_MS) await this.#retry();
        else throw need === "READ" ? error : notForwarded({ cause: error });
      }
    }
  }

  async #passOn(request: RegistryRequest): Promise<RegistryAnswer> {
    const { writer = -1 } = this.#log;
    const answer = await passOn(this.#services.peers, writer, request);
    if (answer === undefined) throw new TopicUnavailable(`broker ${writer}, which writes the schema registry's topic, took no request`);
    return answer;
  }

  #retry(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#services.clock.after(RETRY_MS, resolve);
    return promise;
  }
}

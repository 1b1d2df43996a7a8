// The connection of a member to the coordinator of its group. It is the member's own, since requests of groups may hold back what follows
// them. The coordinator is looked for when there is something to ask, and again after `away`.

import { isRetriable } from "../../protocol/errors.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Brokers } from "./brokers.ts";
import { Disconnected } from "./client-error.ts";
import type { Connection } from "./connection.ts";
import { Refusal } from "./refusal.ts";

const RETRY_MS = 100;
/** Another broker may have to find out first that the coordinator is gone. */
const GIVE_UP_MS = 30_000;

export class CoordinatorLink {
  readonly #brokers: Brokers;
  readonly #groupId: string;
  #connection: Promise<Connection> | undefined;

  constructor(brokers: Brokers, groupId: string) {
    this.#brokers = brokers;
    this.#groupId = groupId;
  }

  async send<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    newest: number,
    body: Encodable<Q>,
    timeoutMs?: number,
  ): Promise<Decoded<R>> {
    const connection = await this.#connected();
    return connection.send(api, newest, body, timeoutMs === undefined ? {} : { timeoutMs });
  }

  /** The newest version of the API that the coordinator serves; -1: none. */
  async newestOf(api: Pick<Api<Shape, Shape>, "key">): Promise<number> {
    return (await this.#connected()).versions.get(api.key)?.max ?? -1;
  }

  /** Asks again while the coordinator is away or moves, for half a minute. */
  async asked<Result>(ask: () => Promise<Result>): Promise<Result> {
    const deadlineMs = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error) || performance.now() >= deadlineMs) throw error;
        await this.away();
      }
    }
  }

  /** The coordinator is away or elsewhere: it is looked for again after a moment. */
  async away(): Promise<void> {
    await this.close();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }

  async #connected(): Promise<Connection> {
    this.#connection ??= this.#brokers.coordinatorBroker(this.#groupId).then((coordinator) => this.#brokers.another(coordinator));
    return this.#connection;
  }
}

/** Another attempt may do better. */
export function isPassing(error: unknown): boolean {
  return error instanceof Disconnected || (error instanceof Refusal && isRetriable(error.errorCode));
}

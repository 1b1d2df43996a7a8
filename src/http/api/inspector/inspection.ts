// One look at the requests of a broker and their responses, as long as it lasts. It stands around all other interceptors, so that it sees what clients
// see, faults included; without anybody who looks nothing stands there.
//
// Requests that fit are shown up to a number a second; what is more is counted. What the reader has not taken yet is bounded, too.

import type { InferOutput } from "valibot";
import { errorName } from "../../../../protocol/errors.ts";
import type { Decoded, Shape } from "../../../../protocol/schema/field.ts";
import { NO_ANSWER, type Reply } from "../../../api/handler.ts";
import { type Clock, monotonicMs } from "../../../base/clock.ts";
import { type CountErrors, errorCounter } from "../../../server/error-counts.ts";
import type { Exchange, Interceptor, LaterReply, Proceed } from "../../../server/interceptors.ts";
import { NOTHING_YET } from "../../ndjson.ts";
import type { InspectLine, inspectQuery } from "../shapes.ts";
import { shownMessage } from "./shown-message.ts";

/** Lines that wait for their reader. */
const MOST_WAITING = 1000;
const SECOND_MS = 1000;
/** How long nothing may be said. */
const SILENCE_MS = 10_000;
const ANY = "any";

export type Wanted = InferOutput<typeof inspectQuery>;

export class Inspection implements Interceptor {
  /** Requests keep their bytes until they are shown. */
  readonly defers = true;
  readonly #wanted: Wanted;
  readonly #clock: Clock;
  readonly #waiting: InspectLine[] = [];
  readonly #counters = new Map<number, CountErrors | undefined>();
  #second = 0;
  #shownCount = 0;
  #skippedCount = 0;
  #wake: () => void = () => undefined;

  constructor(wanted: Wanted, clock: Clock) {
    this.#wanted = wanted;
    this.#clock = clock;
  }

  intercept(exchange: Exchange, proceed: Proceed): LaterReply {
    if (!this.#isWanted(exchange)) return proceed();
    const began = { atMs: this.#clock.now(), beganMs: monotonicMs(this.#clock) };
    try {
      const reply = proceed();
      if (!(reply instanceof Promise)) {
        this.#answered(exchange, reply, began);
        return reply;
      }
      return reply.then(
        (later) => {
          this.#answered(exchange, later, began);
          return later;
        },
        (error: unknown) => {
          this.#answered(exchange, NO_ANSWER, began);
          throw error;
        },
      );
    } catch (error) {
      this.#answered(exchange, NO_ANSWER, began);
      throw error;
    }
  }

  /** @param signal ends it */
  async *lines(signal: AbortSignal): AsyncGenerator<InspectLine | typeof NOTHING_YET, void, undefined> {
    const ended = () => this.#wake();
    signal.addEventListener("abort", ended, { once: true });
    let toldAtMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const line = this.#waiting.shift();
      const restMs = toldAtMs + SECOND_MS - monotonicMs(this.#clock);
      if (line !== undefined) yield line;
      else if (this.#skippedCount > 0 && restMs <= 0) {
        const count = this.#skippedCount;
        this.#skippedCount = 0;
        toldAtMs = monotonicMs(this.#clock);
        yield { kind: "skipped", count };
      } else if (!(await this.#pause(this.#skippedCount > 0 ? restMs : SILENCE_MS)) && this.#skippedCount === 0) yield NOTHING_YET;
    }
    signal.removeEventListener("abort", ended);
  }

  /** Until there is something, or the time is over. Gives whether it was woken. */
  async #pause(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#clock.after(ms, () => resolve(false));
    this.#wake = () => resolve(true);
    const isWoken = await promise;
    timer.cancel();
    return isWoken;
  }

  #isWanted({ handler, context }: Exchange): boolean {
    const { api, client } = this.#wanted;
    if (api !== undefined && !api.includes(handler.api.name)) return false;
    if (client === undefined || client === "") return true;
    const { clientId, connection } = context;
    return [clientId, connection.principal, connection.remoteAddress, connection.clientSoftware].some((text) => text.includes(client));
  }

  #answered(
    { handler, request, context }: Exchange,
    reply: Reply<Shape>,
    { atMs, beganMs }: { readonly atMs: number; readonly beganMs: number },
  ): void {
    const errors = this.#errorsOf(handler, reply);
    const { error, cut } = this.#wanted;
    const isWanted = error === undefined || error === "" || (error === ANY ? errors.length > 0 : errors.includes(error));
    if (!isWanted) return;
    if (!this.#hasRoom()) {
      if (this.#skippedCount++ === 0) this.#wake();
      return;
    }
    const { api } = handler;
    const { apiVersion: version, clientId, connection } = context;
    const { principal, remoteAddress, remotePort, clientSoftware: software, listenerName: listener } = connection;
    this.#waiting.push({
      ...{ kind: "request", atMs, api: api.name, version, clientId, principal, remoteAddress, remotePort, software, listener },
      request: shownMessage(api.request, version, request as Decoded<Shape>, cut),
      response: reply === NO_ANSWER ? null : shownMessage(api.response, version, reply, cut),
      ...{ errors, durationMs: Math.max(0, monotonicMs(this.#clock) - beganMs) },
    });
    this.#wake();
  }

  #hasRoom(): boolean {
    const second = Math.floor(this.#clock.now() / SECOND_MS);
    if (second !== this.#second) [this.#second, this.#shownCount] = [second, 0];
    return ++this.#shownCount <= this.#wanted.perSecond && this.#waiting.length < MOST_WAITING;
  }

  #errorsOf({ api }: Exchange["handler"], reply: Reply<Shape>): string[] {
    if (reply === NO_ANSWER) return [];
    if (!this.#counters.has(api.key)) this.#counters.set(api.key, errorCounter(api.response.struct.shape));
    const codes = new Set<number>();
    this.#counters.get(api.key)?.(reply, (code) => codes.add(code));
    return [...codes].map((code) => errorName(code));
  }
}

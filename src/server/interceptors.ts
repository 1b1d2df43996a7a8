// What stands around the handlers: an interceptor sees a request come in and its reply go out, and may change, delay, replace or withhold
// either. Faults, the observer of the test kit and the wire inspector attach here; handlers know of none of them.
//
// The first that was added stands outermost. Without any, dispatch calls the handler directly.

import type { Decoded, Shape } from "../../protocol/schema/field.ts";
import type { Handler, Reply, RequestContext } from "../api/handler.ts";
import type { Permission } from "../security/permission.ts";

export interface Exchange {
  readonly handler: Handler;
  readonly request: Decoded<Shape>;
  readonly context: RequestContext<Permission>;
}

export type LaterReply = Reply<Shape> | Promise<Reply<Shape>>;

/** Goes on inwards: with the request as it came, or with another of the same API and version. */
export type Proceed = (request?: Decoded<Shape>) => LaterReply;

export interface Interceptor {
  /** It may call `proceed` later than in the turn in which the request came: the request then gets memory of its own. */
  readonly defers: boolean;
  /** Throws or rejects with CloseConnection to end the connection without an answer. */
  intercept(exchange: Exchange, proceed: Proceed): LaterReply;
}

export class Interceptors {
  #all: readonly Interceptor[] = [];

  /** Gives a function that takes it out again. */
  add(interceptor: Interceptor): () => void {
    this.#all = [...this.#all, interceptor];
    return () => this.#remove(interceptor);
  }

  /** Around those that there are. */
  addOutermost(interceptor: Interceptor): () => void {
    this.#all = [interceptor, ...this.#all];
    return () => this.#remove(interceptor);
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  get defers(): boolean {
    return this.#all.some(({ defers }) => defers);
  }

  run(exchange: Exchange, handle: (request: Decoded<Shape>) => LaterReply): LaterReply {
    return this.#from(this.#all, 0, exchange, handle);
  }

  #remove(interceptor: Interceptor): void {
    this.#all = this.#all.filter((each) => each !== interceptor);
  }

  #from(all: readonly Interceptor[], index: number, exchange: Exchange, handle: (request: Decoded<Shape>) => LaterReply): LaterReply {
    const interceptor = all[index];
    if (interceptor === undefined) return handle(exchange.request);
    return interceptor.intercept(exchange, (request) =>
      this.#from(all, index + 1, request === undefined ? exchange : { ...exchange, request }, handle),
    );
  }
}

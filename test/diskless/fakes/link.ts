// What lies between a broker and a service that it calls: it may be slow, be cut, lose a call, or lose an answer. A call is any method
// that gives a promise.

import type { Clock } from "../../../src/base/clock.ts";
import { StorageError } from "../../../src/storage/storage-error.ts";

/** "lost": done, but the caller does not hear it. "notDone": never arrived, and the caller does not know. */
export type Fate = "done" | "lost" | "notDone";

type Journey = (call: string) => Promise<void>;

export class Link {
  /** Nothing arrives, in either direction; what arrived before is done. */
  isCutOff = false;
  /** How long a call travels, and its answer. */
  beforeWork: Journey = async () => undefined;
  beforeAnswer: Journey = async () => undefined;
  /** Decides over each call that `failNext` does not. */
  fate: (call: string) => Fate = () => "done";
  readonly #next: { readonly call: string | undefined; readonly fate: Fate }[] = [];

  /** The next call, or the next one of this name, has this fate; in the order in which they were said. */
  failNext(fate: Fate, call?: string): void {
    this.#next.push({ call, fate });
  }

  /** Every call and every answer travels for `ms`. */
  takes(ms: number, clock: Clock): void {
    this.beforeWork = this.beforeAnswer = () => new Promise((resolve) => clock.after(ms, resolve));
  }

  /** The service as it is seen through this link. */
  to<Service extends object>(service: Service): Service {
    return new Proxy(service, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        // One's own end is closed without the other.
        if (name === "close") return () => Reflect.apply(member, target, []);
        return (...given: unknown[]) => this.#travel(String(name), async () => Reflect.apply(member, target, given));
      },
    });
  }

  async #travel(call: string, work: () => Promise<unknown>): Promise<unknown> {
    const fate = this.#fateOf(call);
    await this.beforeWork(call);
    if (fate === "notDone" || this.isCutOff) throw unavailable(call);
    const answer = await work();
    await this.beforeAnswer(call);
    if (fate === "lost" || this.isCutOff) throw unavailable(call);
    return answer;
  }

  #fateOf(call: string): Fate {
    const index = this.#next.findIndex((each) => each.call === undefined || each.call === call);
    return this.#next.splice(index, index === -1 ? 0 : 1)[0]?.fate ?? this.fate(call);
  }
}

function unavailable(call: string): StorageError {
  return new StorageError("UNAVAILABLE", `no answer to ${call}`, { call });
}

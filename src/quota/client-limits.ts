// Which limit of one quota holds for a client, and whose use is counted together with its own (KIP-55, KIP-546). The most specific counts:
//
//   user and client id · user, any client id · user · any user, client id · any user, any client id · any user · client id · any client id
//
// A limit of a user is shared by all clients of that user, whatever their ids, and one of a client id by all that use the id; "any" is a limit for
// each of those who have none of their own, not one for all of them together.

import type { ClientQuota } from "../cluster/client-quotas.ts";

/** Of whom use is counted together: a user, a client id, or both; what is empty does not count. */
export interface Sharers {
  readonly user: string;
  readonly clientId: string;
}

/** `null`: any; `undefined`: whatever it is, it does not count. */
type Name = string | null | undefined;

export class ClientLimits {
  readonly #limits = new Map<Name, Map<Name, number>>();
  readonly #levels = { user: false, clientId: false, both: false };

  private constructor(limits: readonly (readonly [user: Name, clientId: Name, limit: number])[]) {
    for (const [user, clientId, limit] of limits) {
      const ofUser = this.#limits.get(user) ?? new Map<Name, number>();
      ofUser.set(clientId, limit);
      this.#limits.set(user, ofUser);
      if (user === undefined) this.#levels.clientId = true;
      else if (clientId === undefined) this.#levels.user = true;
      else this.#levels.both = true;
    }
  }

  /** `undefined` when nobody is limited. */
  static of(quotas: Iterable<ClientQuota>, key: string): ClientLimits | undefined {
    const limits: [Name, Name, number][] = [];
    for (const { entity, values } of quotas) {
      const limit = values[key];
      if (limit !== undefined && entity.ip === undefined) limits.push([entity.user, entity["client-id"], limit]);
    }
    return limits.length === 0 ? undefined : new ClientLimits(limits);
  }

  sharersOf(user: string, clientId: string): Sharers {
    const levels = this.#levels;
    if (!levels.both && !levels.user) return { user: "", clientId };
    if (!levels.both && !levels.clientId) return { user, clientId: "" };
    if (!levels.user && !levels.clientId) return { user, clientId };
    if (this.#has(user, clientId) || this.#has(user, null)) return { user, clientId };
    if (this.#has(user, undefined)) return { user, clientId: "" };
    if (this.#has(null, clientId) || this.#has(null, null)) return { user, clientId };
    return this.#has(null, undefined) ? { user, clientId: "" } : { user: "", clientId };
  }

  /** Without end for who is not limited. */
  limitOf({ user, clientId }: Sharers): number {
    return this.#limitOf(user, clientId) ?? Number.POSITIVE_INFINITY;
  }

  #limitOf(user: string, clientId: string): number | undefined {
    if (user !== "" && clientId !== "")
      return this.#get(user, clientId) ?? this.#get(user, null) ?? this.#get(null, clientId) ?? this.#get(null, null);
    if (user !== "") return this.#get(user, undefined) ?? this.#get(null, undefined);
    // Who gives no client id is nobody's sharer.
    return clientId === "" ? undefined : (this.#get(undefined, clientId) ?? this.#get(undefined, null));
  }

  #get(user: Name, clientId: Name): number | undefined {
    return this.#limits.get(user)?.get(clientId);
  }

  #has(user: Name, clientId: Name): boolean {
    return this.#get(user, clientId) !== undefined;
  }
}

// Limits by the host that a connection comes from: of single hosts, named by their addresses or by their names, and one for all others. Names are
// looked up in the background, once; until then they limit nobody.

import { isIP, isIPv6, SocketAddress } from "node:net";

/** Gives an address of a host; rejects when there is none. */
export type LookUp = (host: string) => Promise<string>;

export class HostAddresses {
  readonly #lookUp: LookUp;
  readonly #failed: (host: string, error: unknown) => void;
  readonly #known = new Map<string, string | undefined>();

  constructor(lookUp: LookUp, failed: (host: string, error: unknown) => void) {
    this.#lookUp = lookUp;
    this.#failed = failed;
  }

  /** `undefined` while it is not known, and of a host that there is not. */
  of(host: string): string | undefined {
    if (isIP(host) !== 0) return plainAddress(host);
    if (!this.#known.has(host)) {
      this.#known.set(host, undefined);
      this.#lookUp(host).then(
        (address) => this.#known.set(host, plainAddress(address)),
        (error: unknown) => this.#failed(host, error),
      );
    }
    return this.#known.get(host);
  }
}

export class HostLimits {
  readonly #addresses: HostAddresses;
  readonly #byAddress = new Map<string, number>();
  readonly #byName: (readonly [host: string, limit: number])[] = [];
  readonly #others: number | undefined;

  /** @param others of hosts that have none of their own; `undefined`: they are not limited */
  constructor(addresses: HostAddresses, limits: Iterable<readonly [host: string, limit: number]>, others: number | undefined) {
    this.#addresses = addresses;
    this.#others = others;
    for (const [host, limit] of limits) {
      if (isIP(host) !== 0) this.#byAddress.set(plainAddress(host), limit);
      else {
        this.#byName.push([host, limit]);
        addresses.of(host);
      }
    }
  }

  /** Of a plain address. */
  of(address: string): number | undefined {
    const named = this.#byName.find(([host]) => this.#addresses.of(host) === address)?.[1];
    return this.#byAddress.get(address) ?? named ?? this.#others;
  }
}

/** One text for each address: "::1" for "0:0:0:0:0:0:0:1", "127.0.0.1" for "::ffff:127.0.0.1". */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? new SocketAddress({ address, family: "ipv6" }).address : address;
}

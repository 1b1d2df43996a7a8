// Says the same thing seldom: once in a while, then with how often it was meant meanwhile. For log lines that others can cause as often
// as they like. Of bounded size: with many things to say at once, what was said longest ago is forgotten.

export interface SeldomOptions {
  readonly intervalMs: number;
  readonly mostKeys: number;
  readonly now: () => number;
}

interface Said {
  readonly atMs: number;
  meanwhile: number;
}

export class Seldom {
  readonly #options: SeldomOptions;
  /** In the order in which they were last said. */
  readonly #said = new Map<string, Said>();

  constructor(options: SeldomOptions) {
    this.#options = options;
  }

  /** How often it was kept back since it was said last; `undefined` when it is to be kept back now. */
  say(key: string): number | undefined {
    const { intervalMs, mostKeys, now } = this.#options;
    const known = this.#said.get(key);
    const atMs = now();
    if (known !== undefined && atMs - known.atMs < intervalMs) {
      known.meanwhile++;
      return undefined;
    }
    this.#said.delete(key);
    this.#said.set(key, { atMs, meanwhile: 0 });
    const [oldest] = this.#said.keys();
    if (this.#said.size > mostKeys && oldest !== undefined) this.#said.delete(oldest);
    return known?.meanwhile ?? 0;
  }
}

// The keys of objects: `<prefix>/<cluster id>/o/<incarnation>/<sequence>-<attempt>` for what was appended, `…/m/<incarnation>/<sequence>` for
// what was made of it afterwards. They carry the incarnation that wrote them, and are used once: whatever comes late changes nothing else.

/** Of all keys, within the place that the store was opened with: none. */
export const KEY_PREFIX = "";

const INCARNATION_DIGITS = 10;
const SEQUENCE_DIGITS = 12;

export interface ObjectKeysOptions {
  /** With no slash at its end; empty: none. */
  readonly prefix: string;
  readonly clusterId: string;
  readonly incarnation: number;
}

export class ObjectKeys {
  readonly #base: string;
  readonly #incarnation: string;

  constructor({ prefix, clusterId, incarnation }: ObjectKeysOptions) {
    this.#base = baseOf(prefix, clusterId);
    this.#incarnation = String(incarnation).padStart(INCARNATION_DIGITS, "0");
  }

  /** @param attempt to put it, from 1 */
  ofCommit(sequence: number, attempt: number): string {
    return `${this.#base}/o/${this.#incarnation}/${numbered(sequence)}-${attempt}`;
  }

  merged(sequence: number): string {
    return `${this.#base}/m/${this.#incarnation}/${numbered(sequence)}`;
  }
}

/** What the keys of a cluster begin with, before a slash. */
export function baseOf(prefix: string, clusterId: string): string {
  return prefix === "" ? clusterId : `${prefix}/${clusterId}`;
}

/** What the keys of an incarnation begin with; `folder` is `<prefix>/<cluster id>/o`, or m. */
export function incarnationFolder(folder: string, incarnation: number): string {
  return `${folder}/${String(incarnation).padStart(INCARNATION_DIGITS, "0")}/`;
}

/** `undefined` for a key that is none of ours. */
export function incarnationIn(key: string, folder: string): number | undefined {
  const digits = key.startsWith(`${folder}/`) ? /^(\d{10,16})\//.exec(key.slice(folder.length + 1))?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}

function numbered(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, "0");
}

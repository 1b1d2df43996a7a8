/** A map of an image while it changes: copied at the first change, the original itself when there was none. */
export class MapDraft<Key, Value> {
  readonly #original: ReadonlyMap<Key, Value>;
  #copy: Map<Key, Value> | undefined;

  constructor(original: ReadonlyMap<Key, Value>) {
    this.#original = original;
  }

  get current(): ReadonlyMap<Key, Value> {
    return this.#copy ?? this.#original;
  }

  /** `undefined` removes. */
  put(key: Key, value: Value | undefined): void {
    this.#copy ??= new Map(this.#original);
    if (value === undefined) this.#copy.delete(key);
    else this.#copy.set(key, value);
  }
}

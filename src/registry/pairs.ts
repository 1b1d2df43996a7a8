// What is known of pairs of schemas while two are compared. Trials have a layer of their own, which is forgotten with them.

export class Pairs<Value extends boolean> {
  readonly #values = new Map<object | boolean, Map<object | boolean, Value>>();
  readonly #below: Pairs<Value> | undefined;

  /** Over what is known already. */
  constructor(below?: Pairs<Value>) {
    this.#below = below;
  }

  get(one: object | boolean, other: object | boolean): Value | undefined {
    return this.#values.get(one)?.get(other) ?? this.#below?.get(one, other);
  }

  set(one: object | boolean, other: object | boolean, value: Value): void {
    const ofOne = this.#values.get(one) ?? new Map<object | boolean, Value>();
    this.#values.set(one, ofOne.set(other, value));
  }
}

// Who has least and who has most of several, while one after the other gets or gives one. `levels` says what each has, by place; whoever asks
// changes it by one for each that was named.

/** Whether no two differ by more than one. */
export function isEven(levels: Int32Array): boolean {
  let [lowest, highest] = [levels[0] ?? 0, levels[0] ?? 0];
  for (const level of levels) {
    if (level < lowest) lowest = level;
    if (level > highest) highest = level;
  }
  return highest - lowest <= 1;
}

/** Places by level, the lowest first, and equals by place. Levels lie close together as a rule, so they are counted rather than compared. */
export function placesByLevel(levels: Int32Array): Int32Array {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
  for (const level of levels) {
    if (level < lowest) lowest = level;
    if (level > highest) highest = level;
  }
  const starts = new Int32Array(levels.length === 0 ? 0 : highest - lowest + 2);
  for (const level of levels) starts[level - lowest + 1] = (starts[level - lowest + 1] ?? 0) + 1;
  for (let at = 1; at < starts.length; at++) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
  const places = new Int32Array(levels.length);
  for (let place = 0; place < levels.length; place++) {
    const at = (levels[place] ?? 0) - lowest;
    const start = starts[at] ?? 0;
    places[start] = place;
    starts[at] = start + 1;
  }
  return places;
}

/**
 * The lowest, one after the other. They are the first so many places of the order, and once each of them got one, those who have as much
 * join them:
 *
 *             #           [     ]#
 *      [  ]###     →      [..###]#
 *      [##]###            [#####]#
 */
export class Lowest {
  readonly #places: Int32Array;
  readonly #levels: Int32Array;
  #end = 0;
  #next = 0;

  constructor(places: Int32Array, levels: Int32Array) {
    this.#places = places;
    this.#levels = levels;
  }

  /** Of at least one place. */
  next(): number {
    if (this.#next === this.#end) this.#widen();
    return this.#places[this.#next++] ?? 0;
  }

  #widen(): void {
    this.#next = 0;
    const level = this.#levelAt(0);
    while (this.#end < this.#places.length && this.#levelAt(this.#end) === level) this.#end++;
  }

  #levelAt(at: number): number {
    return this.#levels[this.#places[at] ?? 0] ?? 0;
  }
}

/** The highest of those who have something to give, likewise, from the last place of the order downwards. It reorders the places. */
export class Highest {
  readonly #places: Int32Array;
  readonly #levels: Int32Array;
  /** By place: how much it has to give. */
  readonly #counts: Int32Array;
  #start: number;
  #end: number;
  #next: number;

  constructor(places: Int32Array, levels: Int32Array, counts: Int32Array) {
    this.#places = places;
    this.#levels = levels;
    this.#counts = counts;
    this.#start = places.length;
    this.#end = places.length;
    this.#next = places.length - 1;
  }

  /** `undefined` when nobody has anything to give. */
  next(): number | undefined {
    for (;;) {
      if (this.#next < this.#start) this.#widen();
      const place = this.#places[this.#next];
      if (place === undefined) return undefined;
      if ((this.#counts[place] ?? 0) > 0) {
        this.#next--;
        return place;
      }
      this.#leaveOut();
    }
  }

  #widen(): void {
    const at = this.#start < this.#end ? this.#end - 1 : this.#start - 1;
    const level = this.#levelAt(at);
    while (this.#start > 0 && this.#levelAt(this.#start - 1) === level) this.#start--;
    this.#next = this.#end - 1;
  }

  /** Whoever has nothing to give leaves the range by its upper end. */
  #leaveOut(): void {
    const last = this.#end - 1;
    const place = this.#places[this.#next] ?? 0;
    this.#places[this.#next] = this.#places[last] ?? 0;
    this.#places[last] = place;
    this.#end = last;
    this.#next--;
  }

  #levelAt(at: number): number {
    return this.#levels[this.#places[at] ?? 0] ?? 0;
  }
}

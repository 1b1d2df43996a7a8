// Objects with names from outside as keys. A plain object answers to names that nobody gave it (`constructor`, `toString`), and does not take
// `__proto__` for a key at all.

/** Has no names but those that it is given, whatever they are. */
export function emptyRecord<Value>(): Record<string, Value> {
  return Object.create(null);
}

/** What a table of ours has under a name from outside. */
export function ownValue<Value>(table: { readonly [name: string]: Value }, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

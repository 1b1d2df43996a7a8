// Messages of any API, looked at by the names of their fields.

export type Fields = Readonly<Record<string, unknown>>;

export function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value : [];
}

// Codes of the protocol as choices and as names.

import type { Choice } from "../../parts/form.tsx";

type Codes = readonly (readonly [code: number, name: string])[];

export function choicesOf(codes: Codes): readonly Choice[] {
  return codes.map(([code, title]) => ({ value: String(code), title }));
}

export function nameIn(codes: Codes, code: number): string {
  return codes.find(([each]) => each === code)?.[1] ?? String(code);
}

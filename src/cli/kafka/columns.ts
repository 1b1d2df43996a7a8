// Columns of text as Kafka's tools print them: filled up to a width, never cut, one blank between them.

export function cell(text: string, width: number): string {
  return text.padEnd(width);
}

export function line(cells: readonly string[]): string {
  return cells.join(" ");
}

/** Where there is nothing to say. */
export const NONE = "-";

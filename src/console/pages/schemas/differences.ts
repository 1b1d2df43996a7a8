// Which lines of two texts are the same: the longest common sequence, by the table.

export interface Line {
  readonly text: string;
  readonly mark: " " | "+" | "-";
}

/** Beyond so many lines, the old is told as gone and the new as come. */
const MOST_LINES = 2000;

export function differences(old: string, now: string): readonly Line[] {
  const [one, other] = [old.split("\n"), now.split("\n")];
  const gone = (text: string): Line => ({ text, mark: "-" });
  const come = (text: string): Line => ({ text, mark: "+" });
  if (one.length > MOST_LINES || other.length > MOST_LINES) return [...one.map(gone), ...other.map(come)];
  const width = other.length + 1;
  const lengths = new Uint16Array((one.length + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column] ?? 0;
  for (let row = one.length - 1; row >= 0; row -= 1)
    for (let column = other.length - 1; column >= 0; column -= 1)
      lengths[row * width + column] =
        one[row] === other[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < one.length && column < other.length) {
    const [before = "", after = ""] = [one[row], other[column]];
    if (before === after) {
      lines.push({ text: before, mark: " " });
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      lines.push(gone(before));
      row += 1;
    } else {
      lines.push(come(after));
      column += 1;
    }
  }
  return [...lines, ...one.slice(row).map(gone), ...other.slice(column).map(come)];
}

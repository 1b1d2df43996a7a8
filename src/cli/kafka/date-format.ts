// Times in patterns of Java's SimpleDateFormat, as far as they are numbers: `yyyy-MM-dd HH:mm:ss:SSS`. In the local time zone.

import { FlagError } from "./flags.ts";

const FIELDS: { readonly [letter: string]: (time: Date) => number } = {
  y: (time) => time.getFullYear(),
  M: (time) => time.getMonth() + 1,
  d: (time) => time.getDate(),
  H: (time) => time.getHours(),
  k: (time) => time.getHours() || 24,
  K: (time) => time.getHours() % 12,
  h: (time) => time.getHours() % 12 || 12,
  m: (time) => time.getMinutes(),
  s: (time) => time.getSeconds(),
  S: (time) => time.getMilliseconds(),
};
/** Names of eras, months, days, halves of days and zones, and the counts of weeks, which are not written here. */
const NOT_NUMBERS = "GYLwWDFEuazZX";

export type DateFormat = (time: Date) => string;

/** Raises FlagError. */
export function dateFormat(pattern: string): DateFormat {
  const parts = [...pattern.matchAll(/'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+/g)].map(([whole, quoted, letter]): DateFormat => {
    if (quoted !== undefined) return () => (quoted === "" ? "'" : quoted.replaceAll("''", "'"));
    if (letter === undefined) return () => whole;
    const field = FIELDS[letter];
    if (field !== undefined && (letter !== "M" || whole.length < 3)) return (time) => digits(letter, whole.length, field(time));
    if (letter === "M" || NOT_NUMBERS.includes(letter))
      throw new FlagError(`${whole} in a date format is not something that this command can do; it writes numbers only.`, {
        isTerse: true,
      });
    throw new FlagError(`Illegal pattern character '${letter}'`, { isTerse: true });
  });
  return (time) => parts.map((part) => part(time)).join("");
}

/** A year of two letters is its last two digits; all else has at least as many digits as there are letters. */
function digits(letter: string, width: number, value: number): string {
  const text = `${value}`.padStart(width, "0");
  return letter === "y" && width === 2 ? text.slice(-2) : text;
}

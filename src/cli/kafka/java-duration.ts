// Spans of time as Java writes them: ISO 8601, without years and months.

import { CommandError } from "../command-error.ts";

const DAY_MS = 86_400_000;

/** In milliseconds. Raises CommandError. */
export function parseDuration(text: string): number {
  const match = /^([+-]?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(text);
  if (match === null || /[PT]$/i.test(text)) throw new CommandError("Text cannot be parsed to a Duration");
  const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = match;
  const ms = Number(days) * DAY_MS + Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000;
  return sign === "-" ? -ms : ms;
}

// Which seeds a run of random scenarios has.

/** @param given "1-20", or "3,5,8" */
export function seedsOf(given: string | undefined, few: readonly number[]): readonly number[] {
  if (given === undefined) return few;
  return given.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

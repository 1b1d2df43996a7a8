// A guard: code without which something goes wrong, sooner or later, and what stands in its place when it is taken out to show that.

export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  /** As it is there, once. */
  readonly code: string;
  /** What stands there instead. */
  readonly without: string;
}

export interface Guard {
  /** What is so as long as it is there. */
  readonly title: string;
  /** What belongs together is taken out together. */
  readonly edits: readonly Edit[];
  /** The part of a world that shows it, where only one is to be run. */
  readonly where?: string;
}

export interface TestedGuard extends Guard {
  /** Files of tests, of which one fails without it. */
  readonly tests: readonly string[];
}

/** The source without it. Throws when it is not as the guard knows it. */
export function takenOut(source: string, { file, code, without }: Edit): string {
  if (source.split(code).length !== 2) throw new Error(`${file} has no longer once: ${code}`);
  return source.replace(code, () => without);
}

// Regular expressions from outside: RE2's, whose matching takes time in proportion to the text, where JavaScript's own engine may never end.
// The engine is loaded when the first pattern comes: a broker that sees none pays nothing for it.

export interface Pattern {
  /** Whether the pattern fits the whole text. */
  matches(text: string): boolean;
}

/** `undefined` for what is no pattern, or one that is too large. */
export type PatternCompiler = (source: string) => Pattern | undefined;

/** Each step through a text may take time in proportion to this: nested repetitions make much of a short pattern. */
const MOST_INSTRUCTIONS = 2000;
const LONGEST_SOURCE = 8192;

export async function loadPatterns(): Promise<PatternCompiler> {
  const { RE2JS, RE2JSException } = await import("re2js");
  return (source) => {
    if (source.length > LONGEST_SOURCE) return undefined;
    try {
      const compiled = RE2JS.compile(source);
      return compiled.programSize() > MOST_INSTRUCTIONS ? undefined : { matches: (text) => compiled.testExact(text) };
    } catch (error) {
      if (error instanceof RE2JSException) return undefined;
      throw error;
    }
  };
}

/** Why it is no pattern, in the engine's words; `undefined`: it is one. */
export async function patternFault(source: string): Promise<string | undefined> {
  const { RE2JS, RE2JSSyntaxException } = await import("re2js");
  try {
    RE2JS.compile(source);
    return undefined;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error.getDescription();
    throw error;
  }
}

// ssl.principal.mapping.rules (KIP-371): rules that turn a distinguished name into the name of a principal. The first that fits decides:
// `DEFAULT` takes the name as it is, `RULE:pattern/replacement/` the whole of which fits the pattern, and at last `L` or `U` make it lower or
// upper case. Patterns are Java's, which are JavaScript's but for flags within the pattern: `(?i)` may stand at its beginning.

export type PrincipalMapper = (distinguishedName: string) => string | undefined;

const RULE = /^\s*(?:(DEFAULT)|RULE:((?:\\.|[^\\/])*)\/((?:\\.|[^\\/])*)\/([LU]?))\s*(?:,\s*|$)/s;

export class MalformedRule extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedRule";
  }
}

/** What it gives is `undefined` for a name that no rule fits. Throws MalformedRule. */
export function principalMapper(text: string): PrincipalMapper {
  const rules: PrincipalMapper[] = [];
  for (let rest = text.trim(); rest !== ""; ) {
    const match = RULE.exec(rest);
    if (match === null) throw new MalformedRule(`"${rest}" is no rule of the form RULE:pattern/replacement/ or DEFAULT`);
    const [whole, isDefault, pattern = "", replacement = "", letters = ""] = match;
    rules.push(isDefault === undefined ? rule(pattern, replacement, letters) : (name) => name);
    rest = rest.slice(whole.length);
  }
  return (name) => {
    for (const map of rules) {
      const mapped = map(name);
      if (mapped !== undefined) return mapped;
    }
    return undefined;
  };
}

function rule(pattern: string, replacement: string, letters: string): PrincipalMapper {
  const { whole, each } = expressions(pattern);
  return (name) => {
    if (!whole.test(name)) return undefined;
    const mapped = name.replace(each, (...found: unknown[]) => replaced(replacement, groupsOf(found)));
    if (letters === "L") return mapped.toLowerCase();
    return letters === "U" ? mapped.toUpperCase() : mapped;
  };
}

function expressions(pattern: string): { readonly whole: RegExp; readonly each: RegExp } {
  const source = pattern.replace(/^(\^?)\(\?i\)/, "$1");
  const flags = source === pattern ? "" : "i";
  try {
    return { whole: new RegExp(`^(?:${source})$`, flags), each: new RegExp(source, `g${flags}`) };
  } catch (error) {
    throw new MalformedRule(`the pattern "${pattern}" cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What String.replace hands over: the match, its groups, then where it was found. */
function groupsOf(found: readonly unknown[]): readonly string[] {
  const end = found.findIndex((each) => typeof each === "number");
  return found.slice(0, end).map((group) => (typeof group === "string" ? group : ""));
}

/** As in Java: `$` and the number of a group, of which there must be as many, and `\` before what stands for itself. */
function replaced(replacement: string, groups: readonly string[]): string {
  return replacement.replace(/\\(.)|\$(\d+)/gs, (whole, literal: string | undefined, digits = "") => {
    if (literal !== undefined) return literal;
    for (let length = digits.length; length > 0; length--) {
      const group = groups[Number(digits.slice(0, length))];
      if (group !== undefined) return group + digits.slice(length);
    }
    return whole;
  });
}

// Version ranges as Kafka's message definitions write them: "0+", "3-5", "7", "none".

export interface Versions {
  readonly lowest: number;
  /** Inclusive; Infinity for "n+". An empty range has highest < lowest. */
  readonly highest: number;
}

export const NO_VERSIONS: Versions = { lowest: 0, highest: -1 };
const ALL_VERSIONS: Versions = { lowest: 0, highest: Number.POSITIVE_INFINITY };

/** A few dozen texts make up thousands of ranges: each is parsed once. */
const parsed = new Map<string, Versions>([
  ["none", NO_VERSIONS],
  ["0+", ALL_VERSIONS],
]);

export function parseVersions(text: string): Versions {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const versions = parse(text);
  parsed.set(text, versions);
  return versions;
}

function parse(text: string): Versions {
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
  if (match === null) throw new Error(`"${text}" is not a version range`);
  const lowest = Number(match[1]);
  if (match[2] === "+") return { lowest, highest: Number.POSITIVE_INFINITY };
  return { lowest, highest: match[3] === undefined ? lowest : Number(match[3]) };
}

export function includesVersion(versions: Versions, version: number): boolean {
  return version >= versions.lowest && version <= versions.highest;
}

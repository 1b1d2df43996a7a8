// Version ranges as Kafka's message definitions write them: "0+", "3-5", "7", "none".

export interface Versions {
  readonly lowest: number;
  /** Inclusive; Infinity for "n+". An empty range has highest < lowest. */
  readonly highest: number;
}

export function parseVersions(text: string): Versions {
  if (text === "none") return { lowest: 0, highest: -1 };
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
  if (match === null) throw new Error(`"${text}" is not a version range`);
  const lowest = Number(match[1]);
  if (match[2] === "+") return { lowest, highest: Number.POSITIVE_INFINITY };
  return { lowest, highest: match[3] === undefined ? lowest : Number(match[3]) };
}

export function includesVersion(versions: Versions, version: number): boolean {
  return version >= versions.lowest && version <= versions.highest;
}

// Which media types requests may have and answers get.

const OFFERED = ["application/vnd.schemaregistry.v1+json", "application/vnd.schemaregistry+json", "application/json"] as const;
const ACCEPTED = [...OFFERED, "application/octet-stream"];

/** The registry's own order of preference, where the client has none. */
const PREFERENCE: { readonly [type: string]: number } = { [OFFERED[0]]: 1, [OFFERED[1]]: 0.9, [OFFERED[2]]: 0.5 };

export const DEFAULT_TYPE: string = OFFERED[0];

/** The type to answer with; undefined if the client takes none that there is. Types that nobody knows do no harm beside others. */
export function answerType(accept: string | undefined): string | undefined {
  if (accept === undefined || accept.trim() === "") return DEFAULT_TYPE;
  const ranges = accept.split(",").map(parseRange);
  let best: string | undefined;
  let bestQuality = 0;
  for (const type of OFFERED) {
    const quality = Math.max(0, ...ranges.map((range) => (fits(range.type, type) ? range.quality : 0))) * (PREFERENCE[type] ?? 0);
    if (quality > bestQuality) [best, bestQuality] = [type, quality];
  }
  return best;
}

/** Whether a body of that type is read; one without a type is. */
export function isAccepted(contentType: string | undefined): boolean {
  const [type = ""] = (contentType ?? "").split(";");
  return type.trim() === "" || ACCEPTED.includes(type.trim().toLowerCase());
}

function parseRange(text: string) {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
  return { type, quality: Number.isFinite(quality) ? quality : 0 };
}

function fits(range: string, type: string): boolean {
  return range === "*/*" || range === "application/*" || range === type;
}

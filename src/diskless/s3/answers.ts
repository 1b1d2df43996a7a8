// What a store's answers mean. Whoever reads them is suspicious: what does not say clearly that something was done, or is there, does not say it.

import { type ByteRange, type ListedPage, ObjectStoreError, type ObjectStoreErrorCode } from "../../base/object-store.ts";
import type { HttpAnswer } from "./http-exchange.ts";
import { childrenOf, readXml, textOf, type XmlElement } from "./xml.ts";

/** What a store says in place of what it was asked for. */
export interface Complaint {
  readonly status: number;
  /** "NoSuchKey"; empty where it gave none. */
  readonly code: string;
  readonly message: string;
}

export function complaintOf(answer: HttpAnswer): Complaint {
  const root = answer.body.length > 0 ? xmlOrNot(answer.body) : undefined;
  if (root === undefined) return { status: answer.status, code: "", message: "" };
  // Security Token Service has it a level deeper.
  const error = childrenOf(root, "Error")[0] ?? root;
  return { status: answer.status, code: textOf(error, "Code") ?? "", message: textOf(error, "Message") ?? "" };
}

/** Codes that say more than their status, or have a status that says something else. */
const MEANINGS: ReadonlyMap<string, ObjectStoreErrorCode> = new Map(
  Object.entries({
    NoSuchKey: "NOT_FOUND",
    SlowDown: "SLOW_DOWN",
    ServiceUnavailable: "SLOW_DOWN",
    RequestLimitExceeded: "SLOW_DOWN",
    TooManyRequests: "SLOW_DOWN",
    Throttling: "SLOW_DOWN",
    ThrottlingException: "SLOW_DOWN",
    // The body was slow in coming, did not come whole, or not as it was sent.
    RequestTimeout: "UNAVAILABLE",
    IncompleteBody: "UNAVAILABLE",
    BadDigest: "UNAVAILABLE",
    XAmzContentSHA256Mismatch: "UNAVAILABLE",
    InternalError: "UNAVAILABLE",
  } as const),
);

export function meaningOf({ status, code }: Complaint): ObjectStoreErrorCode {
  const meaning = MEANINGS.get(code);
  if (meaning !== undefined) return meaning;
  // Something before the store, which knows nothing of objects.
  if (status === 404 && code === "") return "UNAVAILABLE";
  if (status === 503 || status === 429) return "SLOW_DOWN";
  // A conflict with another request (409) is over when that is. A 2xx that is not what was asked for is a wrong answer.
  if (status < 300 || status === 408 || status === 409 || (status >= 500 && status !== 501)) return "UNAVAILABLE";
  return "REFUSED";
}

/** The bytes of the range, or of the whole object. */
export function bodyOf(answer: HttpAnswer, range: ByteRange | undefined): Buffer {
  if (range === undefined) {
    if (answer.status !== 200) throw wrong(`it answered ${answer.status} for a whole object`);
    return answer.body;
  }
  if (answer.status !== 206) throw wrong(`it answered ${answer.status} for a part of an object`);
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.headers["content-range"] ?? "") ?? [];
  const { from, length } = range;
  if (Number(first) !== from || Number(last) - from + 1 !== answer.body.length) {
    throw wrong(
      `it gave the range "${answer.headers["content-range"]}" with ${answer.body.length} bytes, asked for ${length} from ${from}`,
    );
  }
  if (answer.body.length === length) return answer.body;
  if (Number(total) < from + length) throw new ObjectStoreError("REFUSED", `it has only ${total} bytes`);
  throw wrong(`of the ${length} bytes from ${from} it gave ${answer.body.length}`);
}

/** A page of a list; `prefix` is the store's own, which the keys are given without. */
export function listedIn(
  answer: HttpAnswer,
  asked: { readonly prefix: string; readonly under: string; readonly after: string },
): ListedPage {
  const root = xmlOrNot(answer.body);
  const truncated = root === undefined ? undefined : textOf(root, "IsTruncated");
  if (root?.name !== "ListBucketResult" || (truncated !== "true" && truncated !== "false"))
    throw wrong("it answered with something else than a list");
  const isEncoded = textOf(root, "EncodingType") === "url";
  const objects = childrenOf(root, "Contents").map((entry) => {
    const key = textOf(entry, "Key") ?? "";
    return { key: isEncoded ? decoded(key) : key, sizeBytes: Number(textOf(entry, "Size") ?? Number.NaN) };
  });
  let before = asked.after === "" ? undefined : Buffer.from(asked.prefix + asked.after);
  for (const { key, sizeBytes } of objects) {
    const bytes = Buffer.from(key);
    if (!key.startsWith(asked.prefix + asked.under) || !Number.isSafeInteger(sizeBytes)) throw wrong(`its list has "${key}"`);
    if (before !== undefined && before.compare(bytes) >= 0) throw wrong(`"${key}" is not at its place in the list`);
    before = bytes;
  }
  if (truncated === "true" && objects.length === 0) throw wrong("its list has nothing, and goes on");
  return {
    objects: objects.map(({ key, sizeBytes }) => ({ key: key.slice(asked.prefix.length), sizeBytes })),
    isTruncated: truncated === "true",
  };
}

/** Those of `keys` (with their prefix) that the answer does not say are deleted, each with what was said of it. */
export function keptOf(answer: HttpAnswer, keys: readonly string[]): ReadonlyMap<string, string> {
  const root = xmlOrNot(answer.body);
  if (root?.name !== "DeleteResult") throw wrong("it answered with something else than what it deleted");
  const deleted = new Set(childrenOf(root, "Deleted").map((entry) => textOf(entry, "Key")));
  const reasons = new Map<string, string>();
  for (const entry of childrenOf(root, "Error")) {
    const key = textOf(entry, "Key") ?? "";
    const code = textOf(entry, "Code") ?? "";
    if (code === "NoSuchKey") deleted.add(key);
    else reasons.set(key, code);
  }
  return new Map(keys.flatMap((key) => (deleted.has(key) && !reasons.has(key) ? [] : [[key, reasons.get(key) ?? "not mentioned"]])));
}

function xmlOrNot(body: Buffer): XmlElement | undefined {
  try {
    return readXml(body.toString());
  } catch {
    return undefined;
  }
}

/** As forms are encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw wrong(`its list has "${text}"`);
  }
}

function wrong(what: string): ObjectStoreError {
  return new ObjectStoreError("UNAVAILABLE", what);
}

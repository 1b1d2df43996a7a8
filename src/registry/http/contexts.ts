// Paths that name a context: `/contexts/c/subjects/x` means the same as `/subjects/:.c:x`.

import { RegistryError } from "../errors.ts";
import { contextOf, contextSubject, isQualified } from "../subject.ts";
import { decoded } from "./parameters.ts";

/** Parts of a path, still encoded, with the query; the same without the context in front. */
export function withoutContext(parts: readonly string[], query: URLSearchParams): readonly string[] {
  if (parts[0] !== "contexts" || parts.length < 3) return parts;
  const name = decoded(parts[1] ?? "");
  const context = contextOf(name);
  if (context === undefined) throw new RegistryError(400, `Invalid context: ${name}`);
  const prefix = contextSubject(context);
  const qualify = (text: string) => (isQualified(text) ? text : prefix + text);
  const rest = parts.slice(2);
  const place = PLACES_OF_SUBJECTS[rest[0] ?? ""];
  if (place !== undefined && (rest.length > place || SETTINGS.includes(rest[0] ?? ""))) {
    rest[place] = encodeURIComponent(qualify(decoded(rest[place] ?? "")));
  } else if (rest[0] === "schemas" && rest[1] === "ids") {
    query.set("subject", qualify(query.get("subject") ?? ""));
  } else if (rest.length === 1 && (rest[0] === "schemas" || rest[0] === "subjects")) {
    query.set("subjectPrefix", qualify(query.get("subjectPrefix") ?? ""));
  }
  return rest;
}

/** Which part of a path is the subject. */
const PLACES_OF_SUBJECTS: { readonly [first: string]: number } = { subjects: 1, config: 1, mode: 1, compatibility: 2 };
const SETTINGS = ["config", "mode"];

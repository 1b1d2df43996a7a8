// The text of `super.users`: principals that may do everything, with ";" between them, as "User:alice;User:CN=broker,O=Example".

const SEPARATOR = ";";

/** What is wrong with the text; Kafka's words. */
export function superUsersFault(text: string): string | undefined {
  const bad = namesIn(text).find((principal) => !principal.includes(":"));
  return bad === undefined ? undefined : `expected a string in format principalType:principalName but got ${bad}`;
}

export function parseSuperUsers(text: string): ReadonlySet<string> {
  return new Set(namesIn(text));
}

function namesIn(text: string): string[] {
  return text
    .split(SEPARATOR)
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

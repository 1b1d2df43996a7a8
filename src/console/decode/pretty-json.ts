// JSON with a line for each member, made of the text itself: digits and the order of keys stay as they were written.

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** @param text that is JSON */
export function prettyJson(text: string): string {
  let depth = 0;
  let before = "";
  let pretty = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(TOKENS)) {
    const isOpened = before === "{" || before === "[";
    if (token === "}" || token === "]") {
      depth -= 1;
      pretty += isOpened ? token : `${line()}${token}`;
    } else {
      pretty += (isOpened ? line() : "") + token;
      if (token === ",") pretty += line();
      if (token === ":") pretty += " ";
      if (token === "{" || token === "[") depth += 1;
    }
    before = token;
  }
  return pretty;
}

// The pages for people: the README, and those beside the code that it leads to, with their examples.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

export const root = join(import.meta.dirname, "../..");

/** Paths from the repository's root. */
export const PAGES: readonly string[] = ["README.md", ...["src", "scripts", "test/interop", "protocol"].flatMap(pagesBelow)];

function pagesBelow(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** What stands between fences with one of these languages. */
export function examplesIn(page: string, languages: readonly string[] = ["js", "ts"]): string[] {
  const fenced = readPage(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fenced].flatMap(([, language = "", text = ""]) => (languages.includes(language) ? [text] : []));
}

/** The one example of the page that has the text. */
export function exampleIn(page: string, text: string): string {
  const found = examplesIn(page).filter((example) => example.includes(text));
  expect(found, `examples with ${text} in ${page}`).toHaveLength(1);
  return found[0] ?? "";
}

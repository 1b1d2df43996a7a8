// Reads the XML in which stores answer: elements with text or elements in them. Attributes, comments and processing instructions are passed
// over, prefixes of namespaces dropped. What needs more than that (a document type, entities of its own) is not from a store, and refused, and
// so is what is not whole: an answer that broke off must not pass for a short list.

export interface XmlElement {
  readonly name: string;
  /** Its own, without that of the elements in it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export class MalformedXml extends Error {
  override readonly name = "MalformedXml";
}

const MOST_DEPTH = 16;
const CHARACTERS: ReadonlyMap<string, string> = new Map(Object.entries({ lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }));

/** A start or end tag, a comment, an instruction, raw text; the attributes may have ">" in their values. */
const MARKUP =
  /<(?:(?<skipped>!--[\s\S]*?--|\?[\s\S]*?\?)|!\[CDATA\[(?<raw>[\s\S]*?)\]\]|(?<end>\/)?(?<name>[A-Za-z_][\w.:-]*)(?<attributes>(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<empty>\/)?)>/y;

/** The root of a document. */
export function readXml(document: string): XmlElement {
  const text = document.replace(/^\ufeff/, "");
  const outside: OpenElement = { name: "", text: "", children: [] };
  const open: OpenElement[] = [outside];
  for (let at = 0; at < text.length; ) {
    const inside = open.at(-1) ?? outside;
    if (text[at] === "<") {
      MARKUP.lastIndex = at;
      const groups = MARKUP.exec(text)?.groups;
      if (groups === undefined) throw new MalformedXml(`no tag at character ${at}`);
      at = MARKUP.lastIndex;
      if (groups["raw"] !== undefined) inside.text += groups["raw"];
      else if (groups["name"] !== undefined) follow(open, groups["name"], groups);
    } else {
      const next = text.indexOf("<", at);
      const end = next === -1 ? text.length : next;
      inside.text += unescaped(text.slice(at, end));
      at = end;
    }
  }
  const [root, ...others] = outside.children;
  if (open.length > 1) throw new MalformedXml(`${open.at(-1)?.name} does not end`);
  if (root === undefined || others.length > 0 || outside.text.trim() !== "") throw new MalformedXml("there is not one element");
  return root;
}

/** For text between tags. */
export function escapedXml(text: string): string {
  return text.replace(/[<>&"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** Of the first child of this name. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: OpenElement[];
}

function follow(open: OpenElement[], fullName: string, tag: Readonly<Record<string, string | undefined>>): void {
  const name = fullName.slice(fullName.indexOf(":") + 1);
  if (tag["end"] !== undefined) {
    if (open.length === 1 || open.at(-1)?.name !== name || tag["empty"] !== undefined) throw new MalformedXml(`${name} ends unopened`);
    open.pop();
    return;
  }
  if (open.length > MOST_DEPTH) throw new MalformedXml("it is too deep");
  const element: OpenElement = { name, text: "", children: [] };
  open.at(-1)?.children.push(element);
  if (tag["empty"] === undefined) open.push(element);
}

function unescaped(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|([a-z]+));|&/g, (reference, decimal, hexadecimal, name) => {
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    const character = name === undefined ? (code <= 0x10ffff ? String.fromCodePoint(code) : undefined) : CHARACTERS.get(name);
    if (character === undefined) throw new MalformedXml(`${reference} means nothing`);
    return character;
  });
}

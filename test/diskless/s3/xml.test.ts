// What stores answer in, and what they should not.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { childrenOf, escapedXml, MalformedXml, readXml, textOf } from "../../../src/diskless/s3/xml.ts";

test("elements, text, references, raw text and empty elements are read; attributes, comments and prefixes are not", () => {
  const root = readXml(`\ufeff<?xml version="1.0" encoding="UTF-8"?>
    <!-- a comment with <tags> & more -->
    <s3:List xmlns:s3="http://example.com/?a>b" other = 'x'>
      <Key>a&amp;b&#60;c&#x3E;&quot;&apos;ä😀&#128512;</Key>
      <Key><![CDATA[<raw> & more]]></Key><Empty/><Empty with="1" />
      <Deep><Key>not this</Key></Deep>
    </s3:List><!-- end -->`);
  expect(root.name).toBe("List");
  expect(childrenOf(root, "Key").map(({ text }) => text)).toEqual(["a&b<c>\"'ä😀😀", "<raw> & more"]);
  expect(textOf(root, "Empty")).toBe("");
  expect(textOf(root, "None")).toBeUndefined();
});

test("any text comes back as it was written", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(readXml(`<Key>${escapedXml(text)}</Key>`).text).toBe(text);
    }),
    { numRuns: 50 },
  );
});

describe("refused is", () => {
  const bomb = `<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>`;
  const cases: Readonly<Record<string, string>> = {
    nothing: "",
    "text alone": "Service Unavailable",
    "what broke off in an element": "<List><Key>a</Key>",
    "what broke off in a tag": "<List><Key>a</Ke",
    "what broke off in raw text": "<List><![CDATA[a</List>",
    "what broke off in a comment": "<List></List><!-- ",
    "elements that end crosswise": "<a><b></a></b>",
    "an end without a beginning": "</a>",
    "an end that is empty": "<a></a/>",
    "a second root": "<a/><a/>",
    "text after the root": "<a/>b",
    "a document type": bomb,
    "an entity of its own": "<a>&c;</a>",
    "an entity of a file": `<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]><a>&c;</a>`,
    "a lonely ampersand": "<a>b & c</a>",
    "a character beyond Unicode": "<a>&#x110000;</a>",
    "an entity by the name of a property": "<a>&constructor;</a>",
    "what is very deep": "<a>".repeat(100_000),
    "a page of HTML": "<html><body><p>Bad gateway<br></body></html>",
    "an attribute without quotes": "<a b=c></a>",
  };
  for (const [title, text] of Object.entries(cases)) test(title, () => expect(() => readXml(text)).toThrow(MalformedXml));
});

test("hostile text is refused in no more time than it takes to read it", () => {
  const hostile = [
    "<a ".repeat(50_000),
    `<a ${"b='c' ".repeat(50_000)}`,
    "<!--".repeat(50_000),
    "&".repeat(200_000),
    `<a${" ".repeat(200_000)}`,
  ];
  const before = performance.now();
  for (const text of hostile) expect(() => readXml(text)).toThrow();
  expect(performance.now() - before).toBeLessThan(5_000);
});

test("random markup is read or refused, and never anything else", () => {
  const piece = fc.constantFrom(
    "<a>",
    "</a>",
    "<b/>",
    "x",
    "&amp;",
    "&",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<",
    ">",
    '"',
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      try {
        readXml(pieces.join(""));
      } catch (error) {
        expect(error).toMatchObject({ name: "MalformedXml" });
      }
    }),
  );
});

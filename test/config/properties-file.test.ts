import { expect, test } from "vitest";
import { parseProperties } from "../../src/config/properties-file.ts";

test.each<[string, string, Record<string, string>]>([
  ["a comment with # or ! is passed over", "# one=1\n  ! two=2\nthree=3", { three: "3" }],
  ["key and value are told apart by =, : or a space", "a=1\nb:2\nc 3\nd = 4\ne", { a: "1", b: "2", c: "3", d: "4", e: "" }],
  ["a line goes on after a backslash, without the next one's indent", "a=1,\\\n    2,\\\r\n 3", { a: "1,2,3" }],
  ["two backslashes end a line", "a=1\\\\\nb=2", { a: "1\\", b: "2" }],
  ["escapes stand for characters", "a=\\t\\u0041\\=\\:x", { a: "\tA=:x" }],
  ["an escaped separator belongs to the key", "a\\=b=c\na\\ b=c", { "a=b": "c", "a b": "c" }],
  ["what follows the first separator is the value", "listeners=PLAINTEXT://:9092,X://:1", { listeners: "PLAINTEXT://:9092,X://:1" }],
  ["a comment sign within a value is part of it", "a=1 # not a comment", { a: "1 # not a comment" }],
  ["spaces at the end are kept, as in Java", "a=1 ", { a: "1 " }],
  ["the last line of a key wins", "a=1\na=2", { a: "2" }],
  ["a comment is not continued", "# one \\\ntwo=2", { two: "2" }],
])("%s", (_, text, properties) => {
  expect(Object.fromEntries(parseProperties(text).map(({ key, value }) => [key, value]))).toEqual(properties);
});

test("a property knows the line where it begins", () => {
  const lines = parseProperties("# one\n\na=1\nb=2,\\\n  3\n\nc=4").map(({ key, lineNumber }) => [key, lineNumber]);
  expect(lines).toEqual([
    ["a", 3],
    ["b", 4],
    ["c", 7],
  ]);
});

test("a broken \\u escape is refused", () => {
  expect(() => parseProperties("a=\\u12")).toThrow("four hexadecimal digits");
});

import { expect, test } from "vitest";
import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import { bool, double, int, list, long, password, type Setting, SettingError, short, str } from "../../src/config/setting.ts";
import { parseSetting, printSetting } from "../../src/config/setting-text.ts";

test.each<[string, Setting, string, unknown]>([
  ["an int", int(0), "42", 42],
  ["a number with spaces around it", int(0), " 500 ", 500],
  ["a number with a plus sign", int(0), "+7", 7],
  ["a long beyond 2^53", long(0), "9223372036854775807", MAX_INT64],
  ["a short", short(0), "-32768", -32768],
  ["a double in scientific notation", double(0), "1e-1", 0.1],
  ["a boolean in capitals", bool(false), "TRUE", true],
  ["a list with spaces", list([]), " compact , delete ", ["compact", "delete"]],
  ["a list that names one thing twice", list([]), "delete,delete", ["delete"]],
  ["an empty list", list(["a"]), "", []],
  ["a string", str(""), " x ", "x"],
  ["a password with its spaces", password(), " x ", " x "],
  ["the number outside of the bounds", int(1, "", { min: 1, max: 9, or: -1 }), "-1", -1],
  ["a word in another case", str("A", "", { oneOf: ["A"], ignoreCase: true }), "a", "a"],
])("%s is read", (_, setting, text, value) => {
  expect(parseSetting("x", setting, text)).toEqual(value);
});

test.each<[string, Setting, string, string]>([
  ["a word for a number", long(0), "abc", "Invalid value abc for configuration x: Not a number of type LONG"],
  ["nothing for a number", long(0), "", "Invalid value  for configuration x: Not a number of type LONG"],
  ["a fraction for an int", int(0), "1.5", "Invalid value 1.5 for configuration x: Not a number of type INT"],
  ["an int beyond 32 bits", int(0), "99999999999", "Invalid value 99999999999 for configuration x: Not a number of type INT"],
  [
    "a long beyond 64 bits",
    long(0),
    "9223372036854775808",
    "Invalid value 9223372036854775808 for configuration x: Not a number of type LONG",
  ],
  ["a number below its bounds", int(1, "", { min: 1 }), "0", "Invalid value 0 for configuration x: Value must be at least 1"],
  ["a double above its bounds", double(0, "", { max: 1 }), "2", "Invalid value 2.0 for configuration x: Value must be no more than 1"],
  [
    "a number between the bounds and the exception",
    int(1, "", { min: 1, max: 9, or: -1 }),
    "0",
    "Invalid value 0 for configuration x: Value must be between 1 and 9 or equal to -1",
  ],
  ["a word that is no boolean", bool(true), "maybe", "Invalid value maybe for configuration x: Expected value to be either true or false"],
  [
    "a word that is not permitted",
    str("a", "", { oneOf: ["a", "b"] }),
    "c",
    "Invalid value c for configuration x: String must be one of: a, b",
  ],
  ["an element that is empty", list([]), "a,", "Configuration 'x' values must not be empty."],
])("%s is refused in Kafka's words", (_, setting, text, message) => {
  expect(() => parseSetting("x", setting, text)).toThrow(new SettingError("INVALID_VALUE", "x", message));
});

test("a password is never shown in an error", () => {
  const setting = password("", { check: () => "too short" });
  expect(() => parseSetting("x", setting, "secret")).toThrow("Invalid value [hidden] for configuration x: too short");
});

test.each<[string, Setting, string | null]>([
  ["the largest long", long(MAX_INT64), "9223372036854775807"],
  ["the largest double", double(Number.MAX_VALUE), "1.7976931348623157E308"],
  ["a whole double", double(2), "2.0"],
  ["a fraction", double(0.05), "0.05"],
  ["a small double", double(0.0001), "1.0E-4"],
  ["a list", list(["a", "b"]), "a,b"],
  ["a boolean", bool(true), "true"],
  ["nothing", int(null), null],
])("%s is printed as Java does", (_, setting, text) => {
  expect(printSetting(setting, setting.default)).toBe(text);
});

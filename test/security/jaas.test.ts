// JAAS lines in Kafka's notation.

import { expect, test } from "vitest";
import { parseJaas } from "../../src/config/jaas.ts";

const MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";

test("a line is a login module, a flag, and options in quotes or as words", () => {
  const { loginModule, options } = parseJaas(`
    ${MODULE} REQUIRED // whoever is asked
    username="admin" password='it"s' /* of all */ user_alice = "a\\"b\\\\c\\101" user_bob=b-o_b.2;`);
  expect(loginModule).toBe(MODULE);
  expect([...options]).toEqual([
    ["username", "admin"],
    ["password", 'it"s'],
    ["user_alice", 'a"b\\cA'],
    ["user_bob", "b-o_b.2"],
  ]);
});

test("a line may have no options", () => {
  expect([...parseJaas(`${MODULE} optional;`).options]).toEqual([]);
});

test.each([
  ["nothing at all", "", "it does not begin with a login module"],
  ["no flag", `${MODULE} username="a";`, "after the login module there must be one of required, requisite, sufficient, optional"],
  ["no semicolon", `${MODULE} required password="secret"`, "it does not end with a semicolon"],
  ["an option without a sign", `${MODULE} required username "secret";`, 'the first option has no "=" behind its name'],
  ["an option without a value", `${MODULE} required password=;`, "the option password has no value; it must stand in quotes"],
  ["a number without quotes", `${MODULE} required password=12345;`, "the option password has no value; it must stand in quotes"],
  ["a quote that does not end", `${MODULE} required password="secret;`, "the option password has no value; it must stand in quotes"],
  ["two modules", `${MODULE} required; ${MODULE} required;`, "there is more behind the semicolon; one login module is what is expected"],
  ["something else", `${MODULE} required {"secret"};`, "there is something that is no option"],
])("%s is refused in words that show no value", (_, line, message) => {
  expect(() => parseJaas(line)).toThrow(message);
  expect(() => parseJaas(line)).not.toThrow(/secret|12345/);
});

import { expect, test } from "vitest";
import { MalformedRule, principalMapper } from "../../src/security/principal-rules.ts";

const NAME = "CN=alice,OU=Clients,O=Odradek\\, Inc.,C=DE";

// All as Kafka 4.3.1's SslPrincipalMapper has it.
test.each<[string, string | undefined]>([
  ["DEFAULT", NAME],
  ["", undefined],
  ["RULE:^CN=(.*?),OU=Clients.*$/$1/", "alice"],
  ["RULE:^CN=(.*?),OU=Clients.*$/$1/U", "ALICE"],
  ["RULE:^CN=(.*?),.*$/$1@$9/L", "alice@$9"],
  ["RULE:CN=(\\w+),.*?/x$1/", "xaliceOU=Clients,O=Odradek\\, Inc.,C=DE"],
  ["RULE:^CN=bob$/x/,DEFAULT", NAME],
  ["RULE:^CN=bob$/x/", undefined],
  ["RULE:^CN=(.*?),OU=(.*?),O=(.*?),C=(.*?)$/$1@$2/L , DEFAULT", "alice@clients"],
  ["RULE:^.*CN=(\\w+).*$/a\\/$1/", "a/alice"],
  ["RULE:^CN=alice.*$/x\\$y/", "x$y"],
  ["DEFAULT,RULE:^CN=(.*?),.*$/$1/", NAME],
  ["RULE:^CN=(.*)$//", ""],
  ["RULE:^cn=(.*)$/x/,RULE:^(?i)cn=(\\w+).*$/i-$1/", "i-alice"],
  ["RULE:a\\,b/c/,DEFAULT", NAME],
  ["RULE:^CN=([^,]+),.*$/$1-$10/", "alice-alice0"],
  ["RULE:.*/a,b/,DEFAULT", "a,ba,b"],
])("%s names a client as Kafka does", (rules, name) => {
  expect(principalMapper(rules)(NAME)).toBe(name);
});

test.each(["RULE:foo", "FOO", "RULE:a/b/X", "RULE:a/b", "RULE:(/x/", "RULE:^CN=alice,OU=Clients.*$/q/LU"])("%s is no rule", (rules) => {
  expect(() => principalMapper(rules)).toThrow(MalformedRule);
});

// Access rules as people write them: which of Kafka's rules a sentence stands for, and what is said of one that is none.

import { expect, test } from "vitest";
import { AclOperations, PatternTypes, Permissions, ResourceTypes } from "../../protocol/acl-codes.ts";
import { parseAcl, parseAcls } from "../../src/security/acl-notation.ts";
import { type Acl, aclFault } from "../../src/security/acls.ts";

/** "ALLOW READ TOPIC LITERAL orders User:alice *". */
function shown({ permission, operation, resourceType, patternType, resourceName, principal, host }: Acl): string {
  const name = (codes: Readonly<Record<string, number>>, code: number) => Object.entries(codes).find(([, each]) => each === code)?.[0];
  const [type, pattern] = [name(ResourceTypes, resourceType), name(PatternTypes, patternType)];
  return `${name(Permissions, permission)} ${name(AclOperations, operation)} ${type} ${pattern} ${resourceName} ${principal} ${host}`;
}

test.each([
  ["User:alice allow read topic orders", ["ALLOW READ TOPIC LITERAL orders User:alice *"]],
  [
    "User:alice allow read,describe topic orders*",
    ["ALLOW READ TOPIC PREFIXED orders User:alice *", "ALLOW DESCRIBE TOPIC PREFIXED orders User:alice *"],
  ],
  ["  User:*   DENY  all  Group  *  ", ["DENY ALL GROUP LITERAL * User:* *"]],
  ["User:bob deny write topic t from 10.0.0.7", ["DENY WRITE TOPIC LITERAL t User:bob 10.0.0.7"]],
  ["User:bob deny write topic t from ::1", ["DENY WRITE TOPIC LITERAL t User:bob ::1"]],
  [
    "User:bob allow alter,AlterConfigs,idempotent_write cluster",
    [
      "ALLOW ALTER CLUSTER LITERAL kafka-cluster User:bob *",
      "ALLOW ALTER_CONFIGS CLUSTER LITERAL kafka-cluster User:bob *",
      "ALLOW IDEMPOTENT_WRITE CLUSTER LITERAL kafka-cluster User:bob *",
    ],
  ],
  ["User:bob allow describe cluster kafka-cluster", ["ALLOW DESCRIBE CLUSTER LITERAL kafka-cluster User:bob *"]],
  [
    "User:p allow write,two-phase-commit transactional-id tx-*",
    ["ALLOW WRITE TRANSACTIONAL_ID PREFIXED tx- User:p *", "ALLOW TWO_PHASE_COMMIT TRANSACTIONAL_ID PREFIXED tx- User:p *"],
  ],
  ["User:p allow describe DelegationToken abc", ["ALLOW DESCRIBE DELEGATION_TOKEN LITERAL abc User:p *"]],
  ["User:p allow create-tokens user User:q", ["ALLOW CREATE_TOKENS USER LITERAL User:q User:p *"]],
  ["User:CN=alice, O=Example Inc. allow read group my group", ["ALLOW READ GROUP LITERAL my group User:CN=alice, O=Example Inc. *"]],
  ["User:alice allow read,read topic t", ["ALLOW READ TOPIC LITERAL t User:alice *"]],
  ["User:eve deny idempotent-write", ["DENY IDEMPOTENT_WRITE CLUSTER LITERAL kafka-cluster User:eve *"]],
  [
    "User:admin allow all from 10.0.0.7",
    [
      "ALLOW ALL TOPIC LITERAL * User:admin 10.0.0.7",
      "ALLOW ALL GROUP LITERAL * User:admin 10.0.0.7",
      "ALLOW ALL CLUSTER LITERAL kafka-cluster User:admin 10.0.0.7",
      "ALLOW ALL TRANSACTIONAL_ID LITERAL * User:admin 10.0.0.7",
      "ALLOW ALL DELEGATION_TOKEN LITERAL * User:admin 10.0.0.7",
      "ALLOW ALL USER LITERAL * User:admin 10.0.0.7",
    ],
  ],
])("%s", (sentence, rules) => {
  const acls = parseAcl(sentence);
  expect(acls.map(shown)).toEqual(rules);
  expect(acls.map(aclFault)).toEqual(acls.map(() => undefined));
});

test.each([
  ["", "a rule is written PRINCIPAL allow|deny OPERATIONS RESOURCE NAME"],
  ["User:alice may read topic t", "a rule is written PRINCIPAL allow|deny OPERATIONS RESOURCE NAME"],
  ["User:alice allow", "a rule is written PRINCIPAL allow|deny OPERATIONS RESOURCE NAME"],
  ["alice allow read topic t", "alice is no principal: one is written User:alice"],
  ["user:alice allow read topic t", "user:alice is no principal: one is written User:alice"],
  ["User: allow read topic t", "User: is no principal: one is written User:alice"],
  ["User:a allow raed topic t", "there is no operation raed (did you mean read?); on a topic there are all, read, write, create"],
  ["User:a allow any topic t", "there is no operation any"],
  ["User:a allow read, topic t", 'there is no operation ""'],
  ["User:a allow idempotent-write topic t", "a topic has no operation idempotent-write; there are all, read, write"],
  ["User:a allow read topics t", "there is no resource topics (did you mean topic?); there are topic, group, cluster, transactional-id"],
  ["User:a allow read topic", "which topic? Name one (orders), all that begin alike (orders*), or every one (*)"],
  ["User:a allow read topic from 1.2.3.4", "which topic?"],
  ["User:a allow alter cluster mine", "the cluster has no name, and mine stands behind it"],
  ["User:a allow create-tokens user bob", "bob is no user: one is written User:bob"],
  ["User:a allow read topic t from localhost", "from localhost: where clients come from is an IP address"],
])("%s is refused with what is wrong", (sentence, message) => {
  expect(() => parseAcl(sentence)).toThrow(`"${sentence}": ${message}`);
});

test("a list of sentences is JSON, and what is none is said", () => {
  expect(parseAcls('["User:a allow read topic t", "User:b allow read topic t"]')).toHaveLength(2);
  expect(() => parseAcls("User:a allow read topic t")).toThrow('it must be a list in JSON of access rules, as in ["User:alice allow');
  expect(() => parseAcls('{"a": 1}')).toThrow("it must be a list of access rules");
  expect(() => parseAcls("[7]")).toThrow("7 is no access rule");
});

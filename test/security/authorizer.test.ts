// Access rules, as Apache Kafka's StandardAuthorizer takes them.

import { describe, expect, test } from "vitest";
import { AclOperations, PatternTypes, Permissions, ResourceTypes } from "../../protocol/acl-codes.ts";
import type { Access } from "../../src/security/access.ts";
import { type Acl, aclKey } from "../../src/security/acls.ts";
import { Authorizer, type AuthorizerOptions, type Denial } from "../../src/security/authorizer.ts";
import { OPERATIONS, type Permission, type ResourceTypeName } from "../../src/security/permission.ts";

const ALICE = "User:alice";
const HOST = "192.0.2.7";

type Verb = "allow" | "deny";
interface RuleOptions {
  readonly principal?: string;
  readonly host?: string;
}

/** `what`: "READ TOPIC orders", or "READ TOPIC ord*" for a prefix, or "READ TOPIC *" for all. */
function rule(verb: Verb, what: string, { principal = ALICE, host = "*" }: RuleOptions = {}): Acl {
  const [operation = "", type = "", name = "kafka-cluster"] = what.split(" ");
  const isPrefix = name.endsWith("*") && name !== "*";
  return {
    resourceType: ResourceTypes[type as keyof typeof ResourceTypes],
    resourceName: isPrefix ? name.slice(0, -1) : name,
    patternType: isPrefix ? PatternTypes.PREFIXED : PatternTypes.LITERAL,
    principal,
    host,
    operation: AclOperations[operation as keyof typeof AclOperations],
    permission: verb === "allow" ? Permissions.ALLOW : Permissions.DENY,
  };
}

function ruleMap(rules: readonly Acl[]): ReadonlyMap<string, Acl> {
  return new Map(rules.map((each) => [aclKey(each), each]));
}

function authorizer(rules: readonly Acl[], options: Partial<AuthorizerOptions> = {}): Authorizer {
  const kept = ruleMap(rules);
  return new Authorizer({ superUsers: new Set(), allowsWithoutRules: false, rules: () => kept, denied: () => undefined, ...options });
}

function access(rules: readonly Acl[], options: Partial<AuthorizerOptions> = {}): Access<Permission> {
  return authorizer(rules, options).accessOf(ALICE, HOST);
}

describe("a rule is about", () => {
  test.each([
    ["READ TOPIC orders", "orders", true],
    ["READ TOPIC orders", "orders2", false],
    ["READ TOPIC orders", "Orders", false],
    ["READ TOPIC ord*", "orders", true],
    ["READ TOPIC ord*", "ord", true],
    ["READ TOPIC ord*", "or", false],
    ["READ TOPIC *", "anything", true],
    ["READ GROUP orders", "orders", false],
  ])("%s: %s is readable: %s", (what, topic, expected) => {
    expect(access([rule("allow", what)]).permits("READ TOPIC", topic)).toBe(expected);
  });

  test("its principal, or everybody, by the whole name", () => {
    const of = (principal: string) => access([rule("allow", "READ TOPIC t", { principal })]).permits("READ TOPIC", "t");
    expect(["User:alice", "User:*", "User:Alice", "User:alic", "Group:alice", "alice"].map(of)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  test("its host, or every host", () => {
    const from = (host: string, address = HOST) =>
      authorizer([rule("allow", "READ TOPIC t", { host })])
        .accessOf(ALICE, address)
        .permits("READ TOPIC", "t");
    expect([from(HOST), from("*"), from("192.0.2.8"), from("192.0.2")]).toEqual([true, true, false, false]);
    // As Java prints it, and Kafka therefore compares it.
    expect([from("0:0:0:0:0:0:0:1", "::1"), from("::1", "::1"), from("2001:db8:0:0:0:0:0:a", "2001:db8::a")]).toEqual([true, false, true]);
  });
});

test("what is denied is denied, however much is allowed", () => {
  const rules = [rule("allow", "ALL TOPIC *"), rule("allow", "READ TOPIC orders"), rule("deny", "READ TOPIC ord*")];
  expect(["orders", "payments"].map((topic) => access(rules).permits("READ TOPIC", topic))).toEqual([false, true]);
  expect(access(rules).permits("WRITE TOPIC", "orders")).toBe(true);
});

test("ALL is every operation, allowed or denied", () => {
  const allowed = access([rule("allow", "ALL TOPIC t")]);
  const denied = access([rule("allow", "ALL TOPIC *"), rule("deny", "ALL TOPIC t")]);
  for (const operation of OPERATIONS.TOPIC) {
    expect([operation, allowed.permits(`${operation} TOPIC`, "t")]).toEqual([operation, true]);
    expect([operation, denied.permits(`${operation} TOPIC`, "t")]).toEqual([operation, false]);
  }
});

test("who may read, write, delete or alter may describe, and who may alter settings may see them; the other way round nothing follows", () => {
  const implied = (operation: string) => {
    const asked = access([rule("allow", `${operation} TOPIC t`)]);
    return OPERATIONS.TOPIC.filter((each) => asked.permits(`${each} TOPIC`, "t"));
  };
  expect(Object.fromEntries(OPERATIONS.TOPIC.map((operation) => [operation, implied(operation)]))).toEqual({
    READ: ["READ", "DESCRIBE"],
    WRITE: ["WRITE", "DESCRIBE"],
    CREATE: ["CREATE"],
    DESCRIBE: ["DESCRIBE"],
    DELETE: ["DESCRIBE", "DELETE"],
    ALTER: ["DESCRIBE", "ALTER"],
    DESCRIBE_CONFIGS: ["DESCRIBE_CONFIGS"],
    ALTER_CONFIGS: ["DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
  });
});

test("what is denied implies nothing but itself", () => {
  const asked = access([rule("allow", "ALL TOPIC t"), rule("deny", "READ TOPIC t"), rule("deny", "ALTER_CONFIGS TOPIC t")]);
  expect([asked.permits("DESCRIBE TOPIC", "t"), asked.permits("DESCRIBE_CONFIGS TOPIC", "t")]).toEqual([true, true]);
  const hidden = access([rule("allow", "READ TOPIC t"), rule("deny", "DESCRIBE TOPIC t")]);
  expect([hidden.permits("READ TOPIC", "t"), hidden.permits("DESCRIBE TOPIC", "t")]).toEqual([true, false]);
});

describe("without a rule about a resource", () => {
  test("nobody may do anything with it", () => {
    expect(access([]).permits("READ TOPIC", "t")).toBe(false);
    expect(access([]).permitsOnCluster("CREATE CLUSTER")).toBe(false);
  });

  test("everybody may do everything, where the setting says so and no rule names it, its prefix or all", () => {
    const open = (...rules: Acl[]) => access(rules, { allowsWithoutRules: true }).permits("READ TOPIC", "t");
    expect(open()).toBe(true);
    expect(open(rule("allow", "READ GROUP t"), rule("allow", "READ TOPIC other"))).toBe(true);
    const others = { principal: "User:bob" };
    expect(open(rule("allow", "READ TOPIC t", others))).toBe(false);
    expect(open(rule("allow", "WRITE TOPIC *", others))).toBe(false);
    expect(open(rule("deny", "WRITE TOPIC t*", others))).toBe(false);
  });
});

test("super users may do everything, whatever is denied", () => {
  const asked = access([rule("deny", "ALL TOPIC *"), rule("deny", "ALL CLUSTER")], { superUsers: new Set([ALICE]) });
  expect([asked.permits("DELETE TOPIC", "t"), asked.permitsOnCluster("ALTER CLUSTER"), asked.permitsSomewhere("WRITE TOPIC")]).toEqual([
    true,
    true,
    true,
  ]);
});

describe("somewhere at least", () => {
  test.each<[string, boolean, readonly Acl[]]>([
    ["nothing is allowed", false, []],
    ["a topic", true, [rule("allow", "WRITE TOPIC t")]],
    ["all of topics with a prefix", true, [rule("allow", "ALL TOPIC t*")]],
    ["every topic", true, [rule("allow", "WRITE TOPIC *")]],
    ["what only implies it is not it", false, [rule("allow", "READ TOPIC *")]],
    ["a topic that is denied", false, [rule("allow", "WRITE TOPIC t"), rule("deny", "WRITE TOPIC t")]],
    ["a topic whose prefix is denied", false, [rule("allow", "WRITE TOPIC topic"), rule("deny", "ALL TOPIC top*")]],
    ["a prefix of which a part is denied", true, [rule("allow", "WRITE TOPIC top*"), rule("deny", "WRITE TOPIC topic*")]],
    ["everything is denied", false, [rule("allow", "WRITE TOPIC t"), rule("deny", "WRITE TOPIC *")]],
    ["every topic but some", true, [rule("allow", "WRITE TOPIC *"), rule("deny", "WRITE TOPIC t*")]],
    ["another's", false, [rule("allow", "WRITE TOPIC t", { principal: "User:bob" })]],
  ])("%s: %s", (_, expected, rules) => {
    expect(access(rules).permitsSomewhere("WRITE TOPIC")).toBe(expected);
  });
});

test("authorised operations are the bits of what may be done", () => {
  const bits = (...operations: number[]) => operations.reduce((set, operation) => set | (1 << operation), 0);
  const asked = access([rule("allow", "ALTER_CONFIGS TOPIC t"), rule("allow", "WRITE TOPIC t*"), rule("deny", "DESCRIBE TOPIC t")]);
  expect(asked.operationsOn("TOPIC", "t")).toBe(bits(AclOperations.ALTER_CONFIGS, AclOperations.DESCRIBE_CONFIGS, AclOperations.WRITE));
  expect(asked.operationsOn("GROUP", "t")).toBe(0);
});

test("every permission that the table names is one of Kafka's operations on one of its resources", () => {
  for (const type of Object.keys(OPERATIONS) as ResourceTypeName[]) {
    const everything = access([rule("allow", `ALL ${type} *`)]);
    const all = OPERATIONS[type].reduce((set, operation) => set | (1 << AclOperations[operation]), 0);
    expect([type, everything.operationsOn(type, "x")]).toEqual([type, all]);
  }
});

test("rules that are others hold at once, also for who has asked before", () => {
  let rules = ruleMap([]);
  const changing = authorizer([], { rules: () => rules });
  const before = changing.accessOf(ALICE, HOST);
  expect(before.permits("READ TOPIC", "t")).toBe(false);
  rules = ruleMap([rule("allow", "READ TOPIC t")]);
  // Of a request that is under way, and of the next.
  expect([before.permits("READ TOPIC", "t"), changing.accessOf(ALICE, HOST).permits("READ TOPIC", "t")]).toEqual([true, true]);
  rules = ruleMap([]);
  expect([before.permits("READ TOPIC", "t"), changing.accessOf(ALICE, HOST).permits("READ TOPIC", "t")]).toEqual([false, false]);
});

test("a refusal is told when it is decided; what is only passed over is none", () => {
  const denials: Denial[] = [];
  const asked = access([], { denied: (denial) => denials.push(denial) });
  for (let times = 0; times < 3; times++) asked.permits("READ TOPIC", "t");
  asked.permitsQuietly("DESCRIBE TOPIC", "t");
  asked.operationsOn("TOPIC", "t");
  expect(denials).toEqual([{ principal: ALICE, host: HOST, permission: "READ TOPIC", name: "t" }]);
});

test("decisions stay right when there are more of them than are kept", () => {
  const asking = authorizer([rule("allow", "READ TOPIC even*")]);
  const wrong: string[] = [];
  for (let index = 0; index < 120_000; index++) {
    const name = `${index % 2 === 0 ? "even" : "odd"}-${index % 60_000}`;
    if (asking.accessOf(ALICE, HOST).permits("READ TOPIC", name) !== name.startsWith("even")) wrong.push(name);
  }
  expect(wrong).toEqual([]);
});

test("rules are read through once for each change of them, however many ask, before and after it", () => {
  let readCount = 0;
  const counted = (rules: readonly Acl[]) => {
    const kept = new Map(ruleMap(rules));
    const values = () => {
      readCount++;
      return new Map(kept).values();
    };
    return Object.assign(kept, { values });
  };
  let rules = counted([rule("allow", "READ TOPIC *")]);
  const asked = authorizer([], { rules: () => rules });
  const before = asked.accessOf(ALICE, HOST);
  expect(before.permits("READ TOPIC", "orders")).toBe(true);
  rules = counted([rule("deny", "READ TOPIC *")]);
  const names = Array.from({ length: 100 }, (_, count) => `orders-${count}`);
  expect(names.filter((name) => before.permits("READ TOPIC", name) || asked.accessOf(ALICE, HOST).permits("READ TOPIC", name))).toEqual([]);
  expect(readCount).toBe(2);
});

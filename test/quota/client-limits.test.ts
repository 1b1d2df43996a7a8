// Whose limit holds for a client, and with whom it shares that.

import { describe, expect, test } from "vitest";
import type { ClientQuota, QuotaEntity } from "../../src/cluster/client-quotas.ts";
import { ClientLimits } from "../../src/quota/client-limits.ts";

const KEY = "producer_byte_rate";
const ALICE = { user: "alice" } as const;
const APP = { "client-id": "app" } as const;
const ANY_USER = { user: null } as const;
const ANY_ID = { "client-id": null } as const;

/** The most specific first. */
const BY_PRECEDENCE: readonly QuotaEntity[] = [
  { ...ALICE, ...APP },
  { ...ALICE, ...ANY_ID },
  ALICE,
  { ...ANY_USER, ...APP },
  { ...ANY_USER, ...ANY_ID },
  ANY_USER,
  APP,
  ANY_ID,
];

function limits(...quotas: readonly (readonly [QuotaEntity, number])[]): ClientLimits | undefined {
  return ClientLimits.of(
    quotas.map(([entity, value]): ClientQuota => ({ entity, values: { [KEY]: value } })),
    KEY,
  );
}

function limitOf(found: ClientLimits | undefined, user: string, clientId: string): number | undefined {
  return found?.limitOf(found.sharersOf(user, clientId));
}

test("the most specific limit holds, whatever else is limited", () => {
  for (let first = 0; first < BY_PRECEDENCE.length; first++) {
    const quotas = BY_PRECEDENCE.slice(first).map((entity, index) => [entity, first + index + 1] as const);
    expect(limitOf(limits(...quotas.reverse()), "alice", "app")).toBe(first + 1);
  }
});

test("each limit holds alone, for those that it is about and for nobody else", () => {
  const others = { alice: ["app", "other", ""], bob: ["app", "other", ""] };
  const held = BY_PRECEDENCE.map((entity) =>
    Object.entries(others).flatMap(([user, ids]) =>
      ids.filter((id) => limitOf(limits([entity, 5]), user, id) === 5).map((id) => `${user} ${id}`.trim()),
    ),
  );
  expect(held).toEqual([
    ["alice app"],
    ["alice app", "alice other"],
    ["alice app", "alice other", "alice"],
    ["alice app", "bob app"],
    ["alice app", "alice other", "bob app", "bob other"],
    ["alice app", "alice other", "alice", "bob app", "bob other", "bob"],
    ["alice app", "bob app"],
    ["alice app", "alice other", "bob app", "bob other"],
  ]);
});

describe("what is used is counted together", () => {
  test("of all clients of a user, whatever their ids, where users are limited", () => {
    for (const entity of [ALICE, ANY_USER]) expect(limits([entity, 1])?.sharersOf("alice", "app")).toEqual({ user: "alice", clientId: "" });
  });

  test("of all users of a client id where client ids are limited", () => {
    for (const entity of [APP, ANY_ID]) expect(limits([entity, 1])?.sharersOf("alice", "app")).toEqual({ user: "", clientId: "app" });
  });

  test("of a user with a client id where both are", () => {
    for (const entity of [
      { ...ALICE, ...APP },
      { ...ANY_USER, ...ANY_ID },
    ])
      expect(limits([entity, 1])?.sharersOf("alice", "app")).toEqual({ user: "alice", clientId: "app" });
  });

  test("as the limit that holds says, where there are several kinds", () => {
    const found = limits([ANY_USER, 1], [{ ...ALICE, ...APP }, 2], [{ "client-id": "batch" }, 3]);
    expect(found?.sharersOf("alice", "app")).toEqual({ user: "alice", clientId: "app" });
    expect(found?.sharersOf("alice", "batch")).toEqual({ user: "alice", clientId: "" });
    expect(limits([ALICE, 1], [{ "client-id": "batch" }, 3])?.sharersOf("bob", "batch")).toEqual({ user: "", clientId: "batch" });
  });
});

test("where nobody is limited by a key there is nothing to ask, and quotas of addresses limit no client", () => {
  expect(limits()).toBe(undefined);
  expect(ClientLimits.of([{ entity: ALICE, values: { consumer_byte_rate: 1 } }], KEY)).toBe(undefined);
  expect(ClientLimits.of([{ entity: { ip: "127.0.0.1" }, values: { [KEY]: 1 } }], KEY)).toBe(undefined);
});

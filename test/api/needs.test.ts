// The permissions that each API asks for: what the handlers state, the page on APIs, and what was seen of Apache Kafka are one table.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { heartbeat } from "../../protocol/messages/index.ts";
import { serve } from "../../src/api/handler.ts";
import { handlers } from "../../src/api/index.ts";
import { type PermissionCodes, permissionCodes } from "../../src/security/permission.ts";
import { PROBES } from "../access-rules/matrix.ts";
import { Scene } from "../access-rules/scene.ts";

const page = readFileSync(join(import.meta.dirname, "../../src/api/README.md"), "utf8");

test("the page on APIs tells what each asks for", () => {
  const rows = [...page.matchAll(/^\| (\w+) \| (.*) \|$/gm)].map(([, api = "", needs = ""]) => [api, needs]);
  const told = rows.filter(([api]) => api !== "API" && api !== undefined && /^[A-Z]/.test(api));
  expect(told).toEqual(handlers.map(({ api, needs }) => [api.name, needs.length === 0 ? "–" : needs.join(", ")]));
});

const OF_SHARE_SESSIONS = "share/access.test.ts: both have the same rules";
const OF_SHARE_STATES = "coordinator/share/share-state-rules.test.ts: one rule for all five, and brokers alone ask";

/** Stated, and not what a probe of the matrix is about. */
const HELD_ELSEWHERE: { readonly [permission: string]: string } = {
  "Metadata DESCRIBE CLUSTER": "access-at-once.test.ts: for the operations on the cluster alone, which versions 8 to 10 tell",
  "DeleteTopics DELETE CLUSTER": "the matrix has it where what no rule is about is everybody's, as the cluster then is",
  "DescribeDelegationToken DESCRIBE DELEGATION_TOKEN": "security/token-rules.test.ts: a rule of it is about the id of a token",
  "ShareGroupDescribe DESCRIBE TOPIC": "security/share-group-rules.test.ts: for the topics that members of the group have",
  "ShareFetch READ GROUP": OF_SHARE_SESSIONS,
  "ShareFetch READ TOPIC": OF_SHARE_SESSIONS,
  "ShareAcknowledge READ GROUP": OF_SHARE_SESSIONS,
  "ShareAcknowledge READ TOPIC": OF_SHARE_SESSIONS,
  "InitializeShareGroupState CLUSTER_ACTION CLUSTER": OF_SHARE_STATES,
  "ReadShareGroupState CLUSTER_ACTION CLUSTER": OF_SHARE_STATES,
  "WriteShareGroupState CLUSTER_ACTION CLUSTER": OF_SHARE_STATES,
  "DeleteShareGroupState CLUSTER_ACTION CLUSTER": OF_SHARE_STATES,
  "ReadShareGroupStateSummary CLUSTER_ACTION CLUSTER": OF_SHARE_STATES,
};

test("what each API states is what it was seen to need on Apache Kafka", () => {
  const scene = Scene.shared();
  const codes = ({ operation, resourceType }: PermissionCodes) => `${operation} ${resourceType}`;
  const different = handlers.flatMap(({ api, needs }) => {
    const seen = new Set(PROBES.filter((probe) => probe.api.key === api.key).flatMap((probe) => probe.needs(scene).map(codes)));
    const stated = new Map(needs.map((permission) => [codes(permissionCodes(permission)), permission]));
    const unseen = [...stated].filter(([code]) => !seen.has(code)).map(([, permission]) => `${api.name} ${permission}`);
    return [...unseen, ...[...seen].filter((code) => !stated.has(code)).map((code) => `${api.name} needs ${code}`)];
  });
  expect(different.sort()).toEqual(Object.keys(HELD_ELSEWHERE).sort());
});

test("a handler cannot ask for what it does not state", () => {
  const stated = serve(heartbeat, "0", ["READ GROUP"], (_, { groupId }, { access }) => ({
    errorCode: access.permits("READ GROUP", groupId) ? 0 : 30,
  }));
  expect(stated.needs).toEqual(["READ GROUP"]);
  const unstated = serve(heartbeat, "0", ["READ GROUP"], (_, { groupId }, { access }) => ({
    // @ts-expect-error it is not stated
    errorCode: access.permits("DELETE GROUP", groupId) ? 0 : 30,
  }));
  expect(unstated.needs).toEqual(["READ GROUP"]);
});

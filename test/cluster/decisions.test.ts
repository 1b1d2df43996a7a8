// Decisions about the cluster, as tables of state, wish and outcome. Two brokers, so that there is something to decide.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { decideQuota, matchesQuotaFilter, quotaFilterFault } from "../../src/cluster/client-quotas.ts";
import { decidePartitions } from "../../src/cluster/create-partitions.ts";
import { applyChanges, type Change, emptyImage } from "../../src/cluster/image.ts";
import { decideElection } from "../../src/cluster/leader-election.ts";
import type { PartitionImage } from "../../src/cluster/partition-image.ts";
import { decideReassignment } from "../../src/cluster/reassignment.ts";
import { decideScram } from "../../src/cluster/scram-credentials.ts";
import { aclFault, matchesAclFilter } from "../../src/security/acls.ts";

const broker = (id: number): Change => ({ type: "broker", id, rack: null, endpoints: [], epoch: id });
const partition = (leader: number, replicas: number[], inSyncReplicas = replicas): PartitionImage => ({
  leader,
  leaderEpoch: 5,
  replicas,
  inSyncReplicas,
});
const cluster = (...partitions: PartitionImage[]) =>
  applyChanges(emptyImage("c"), [broker(1), broker(2), { type: "topic", name: "t", id: "id", partitions, configs: {} }]);

describe("new partitions", () => {
  test("are spread over the brokers with as many replicas as the others have", () => {
    const decision = decidePartitions(cluster(partition(1, [1, 2])), { name: "t", count: 3, assignments: null });
    expect("partitions" in decision && decision.partitions.map(({ leader, replicas }) => [leader, replicas])).toEqual([
      [2, [2, 1]],
      [1, [1, 2]],
    ]);
  });

  test("must have as many replicas as the others when they are assigned", () => {
    const decision = decidePartitions(cluster(partition(1, [1, 2])), { name: "t", count: 2, assignments: [{ brokerIds: [1] }] });
    expect(decision).toMatchObject({ error: Errors.INVALID_REPLICA_ASSIGNMENT });
  });
});

describe("an election", () => {
  test.each<[string, PartitionImage, number, object]>([
    ["gives a partition back to its preferred replica", partition(2, [1, 2]), 0, { partition: { leader: 1, leaderEpoch: 6 } }],
    ["is not needed when that replica leads", partition(1, [1, 2]), 0, { error: Errors.ELECTION_NOT_NEEDED }],
    ["waits for that replica to be in sync", partition(2, [1, 2], [2]), 0, { error: Errors.PREFERRED_LEADER_NOT_AVAILABLE }],
    ["finds any replica for a partition without a leader when it is unclean", partition(-1, [7, 2], []), 1, { partition: { leader: 2 } }],
    ["finds none when no replica is there", partition(-1, [7], [7]), 1, { error: Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE }],
  ])("%s", (_, state, electionType, expected) => {
    expect(decideElection(cluster(state), { topic: "t", partition: 0, electionType })).toMatchObject(expected);
  });
});

describe("a reassignment", () => {
  const move = (state: PartitionImage, replicas: number[] | null, mayChangeFactor = true) =>
    decideReassignment(cluster(state), { topic: "t", partition: 0, replicas, mayChangeFactor });

  test("hands the leadership over when the leader is no replica any more", () => {
    expect(move(partition(1, [1]), [2])).toMatchObject({ partition: { leader: 2, leaderEpoch: 6, replicas: [2], inSyncReplicas: [2] } });
    expect(move(partition(1, [1]), [2, 1])).toMatchObject({ partition: { leader: 1, leaderEpoch: 5, replicas: [2, 1] } });
  });

  test("to where the replicas are changes nothing", () => {
    expect(move(partition(1, [1, 2]), [1, 2])).toBeUndefined();
  });

  test("does not change the number of replicas unless it may", () => {
    expect(move(partition(1, [1]), [1, 2], false)).toMatchObject({
      error: Errors.INVALID_REPLICATION_FACTOR,
      message: "The replication factor is changed from 1 to 2",
    });
  });
});

describe("a quota", () => {
  const set = (key: string, value: number) => [{ key, value, remove: false }];
  test.each<[object, string, number, unknown]>([
    [{ user: "u" }, "producer_byte_rate", 10, { producer_byte_rate: 10 }],
    [{ user: "u" }, "request_percentage", 0.5, { request_percentage: 0.5 }],
    [{ user: "u" }, "connection_creation_rate", 1, "Invalid configuration key connection_creation_rate"],
    [{ ip: "10.0.0.1" }, "producer_byte_rate", 1, "Invalid configuration key producer_byte_rate"],
    [{ ip: "10.0.0.1" }, "connection_creation_rate", 1e12, "Proposed value for connection_creation_rate is too large for an INT."],
    [{ ip: "not an ip" }, "connection_creation_rate", 1, "not an ip is not a valid IP or resolvable host."],
    [{ user: "u" }, "producer_byte_rate", 0, "Quota producer_byte_rate must be greater than 0"],
    [
      { user: "u", ip: null },
      "connection_creation_rate",
      1,
      "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId",
    ],
  ])("of %o: %s = %d", (entity, key, value, expected) => {
    expect(decideQuota(entity, {}, set(key, value))).toEqual(expected);
  });

  test("is matched by name, as a default, or by any name; strictly without further components", () => {
    const matches = (entity: object, type: string, matchType: number, match: string | null, isStrict = false) =>
      matchesQuotaFilter(entity, [{ type, matchType, match }], isStrict);
    expect(matches({ user: "u" }, "user", 0, "u")).toBe(true);
    expect(matches({ user: "u" }, "user", 1, null)).toBe(false);
    expect(matches({ user: null }, "user", 1, null)).toBe(true);
    expect(matches({ user: null }, "user", 2, null)).toBe(true);
    expect(matches({ user: "u", "client-id": "c" }, "user", 0, "u")).toBe(true);
    expect(matches({ user: "u", "client-id": "c" }, "user", 0, "u", true)).toBe(false);
    expect(matches({ ip: "10.0.0.1" }, "user", 2, null)).toBe(false);
  });

  test("is not looked for with a filter that contradicts itself", () => {
    expect(quotaFilterFault([{ type: "foo", matchType: 2, match: null }])).toEqual({
      isUnsupported: true,
      message: "Unsupported entity type foo",
    });
    expect(quotaFilterFault([{ type: "user", matchType: 0, match: null }])?.isUnsupported).toBe(false);
    expect(quotaFilterFault([{ type: "user", matchType: 2, match: null }])).toBeUndefined();
  });
});

test("a credential is kept as RFC 7677 derives it", () => {
  // The RFC's example: password "pencil", 4096 iterations.
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  const saltedPassword = Buffer.from("xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0=", "base64");
  expect(decideScram({ user: "user", mechanism: 1, iterations: 4096, salt, saltedPassword })).toEqual({
    user: "user",
    mechanism: 1,
    iterations: 4096,
    salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
    storedKey: "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
    serverKey: "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  });
});

test("an access rule names a resource, an operation and a principal", () => {
  const rule = { resourceType: 2, resourceName: "t", patternType: 3, principal: "User:a", host: "*", operation: 3, permission: 3 };
  expect(aclFault(rule)).toBeUndefined();
  expect(aclFault({ ...rule, resourceType: 4 })).toBe("The only valid name for the CLUSTER resource is kafka-cluster");
  expect(aclFault({ ...rule, patternType: 2 })).toBe("Invalid patternType MATCH");
  expect(aclFault({ ...rule, operation: 99 })).toBe("Invalid operation UNKNOWN");
  const filter = { resourceType: 1, resourceName: "topic", patternType: 2, principal: null, host: null, operation: 1, permission: 1 };
  expect(matchesAclFilter({ ...rule, patternType: 4 }, filter)).toBe(true);
  expect(matchesAclFilter({ ...rule, resourceName: "*" }, filter)).toBe(true);
  expect(matchesAclFilter(rule, filter)).toBe(false);
});

import { describe, expect, it } from "vitest";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { encodeKey, encodeValue } from "../../protocol/state/coordinator-record.ts";
import { legacyOffsetCommitRecord } from "../../protocol/state/offset-records.ts";
import type { GroupRecord } from "../../src/coordinator/group/group-record.ts";
import { groupRecordCodec } from "../../src/coordinator/group/group-record-codec.ts";
import { subscription } from "./support/group-bench.ts";

const groupId = "g11-mwsaaq9t";
const topicId = "GMwQKXlkT16LSKKNM8y-3A";
const noProtocol = { protocolName: null, leader: null, members: [] };

// Key and value out of the log of Apache Kafka 4.3.1.
const KAFKA: readonly (readonly [string, string, string | null, GroupRecord])[] = [
  [
    "a new group",
    "AAIADGcxMS1td3NhYXE5dA==",
    "AAMAAAAAAAD/////AAABogTtz04AAAAA",
    { type: "classicGroup", groupId, snapshot: { protocolType: null, generation: 0, ...noProtocol, stateTimestampMs: 1795379023694 } },
  ],
  [
    "an empty group",
    "AAIADGcxMS1td3NhYXE5dA==",
    "AAMAB2Nvbm5lY3QAAAAC/////wAAAaIE7c92AAAAAA==",
    { type: "classicGroup", groupId, snapshot: { protocolType: "connect", generation: 2, ...noProtocol, stateTimestampMs: 1795379023734 } },
  ],
  [
    "a stable group with a static member",
    "AAIAC2c1LW13c2FhcTl0",
    "AAMACGNvbnN1bWVyAAAAAQAFcmFuZ2UAJ2lhLTI3NTIxYzExLTg3YjctNDg3MS1iYzQxLWQyMDVkMjViNWFjMAAAAaIE7ZT7AAAAAQAnaWEtMjc1MjFjMTEtODdiNy00ODcxLWJjNDEtZDIwNWQyNWI1YWMwAAJpYQABYQAKLzEyNy4wLjAuMQAAH0AAABdwAAAAEQABAAAAAQABdP////8AAAAAAAAAAmEw",
    {
      type: "classicGroup",
      groupId: "g5-mwsaaq9t",
      snapshot: {
        protocolType: "consumer",
        generation: 1,
        protocolName: "range",
        leader: "ia-27521c11-87b7-4871-bc41-d205d25b5ac0",
        stateTimestampMs: 1795379008763,
        members: [
          {
            memberId: "ia-27521c11-87b7-4871-bc41-d205d25b5ac0",
            instanceId: "ia",
            clientId: "a",
            clientHost: "/127.0.0.1",
            rebalanceTimeoutMs: 8000,
            sessionTimeoutMs: 6000,
            subscription: subscription("t"),
            assignment: Buffer.from("a0"),
          },
        ],
      },
    },
  ],
  [
    "an offset",
    "AAEADGcxMS1td3NhYXE5dAABdAAAAAA=",
    "AAQAAAAAAAAACf////8BAAABogTtz10BABAYzBApeWRPXotIoo0zzL7c",
    {
      type: "offset",
      groupId,
      topic: "t",
      partition: 0,
      committed: { offset: 9, leaderEpoch: -1, metadata: "", commitTimestampMs: 1795379023709, expireTimestampMs: undefined, topicId },
    },
  ],
  ["a deleted offset", "AAEADGcxMS1td3NhYXE5dAABdAAAAAA=", null, { type: "offset", groupId, topic: "t", partition: 0, committed: null }],
];

describe("records of groups and offsets", () => {
  it.each(KAFKA)("are as Kafka writes them: %s", (_, key, value, record) => {
    const encoded = groupRecordCodec.encode(record);
    expect(encoded.key.toString("base64")).toBe(key);
    expect(encoded.value?.toString("base64") ?? null).toBe(value);
    expect(groupRecordCodec.decode(encoded.key, encoded.value)).toEqual(record);
  });

  it("keep an expiry time of its own, as version 1 of the value, which knows neither leader epoch nor topic id", () => {
    const committed = { offset: 5, leaderEpoch: 3, metadata: "m", commitTimestampMs: 10, expireTimestampMs: 20, topicId };
    const { key, value } = groupRecordCodec.encode({ type: "offset", groupId, topic: "t", partition: 0, committed });
    expect(value?.readInt16BE(0)).toBe(1);
    expect(groupRecordCodec.decode(key, value)).toMatchObject({ committed: { ...committed, leaderEpoch: -1, topicId: ZERO_UUID } });
  });

  it("of very old brokers are understood, of other kinds of groups passed over", () => {
    const key = encodeKey(legacyOffsetCommitRecord, { group: "g", topic: "t", partition: 1 });
    const value = encodeValue(legacyOffsetCommitRecord, 0, { offset: 5, metadata: "m", commitTimestamp: 10 });
    expect(groupRecordCodec.decode(key, value)).toMatchObject({
      type: "offset",
      groupId: "g",
      partition: 1,
      committed: { offset: 5, leaderEpoch: -1 },
    });
    expect(groupRecordCodec.decode(Buffer.from([0, 99, 1, 2]), null)).toBeUndefined();
  });
});

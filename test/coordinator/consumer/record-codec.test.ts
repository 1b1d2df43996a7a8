// Records of groups of the consumer protocol, byte for byte as Apache Kafka 4.3.1 wrote them into __consumer_offsets.

import { expect, test } from "vitest";
import type { GroupRecord } from "../../../src/coordinator/group/group-record.ts";
import { groupRecordCodec } from "../../../src/coordinator/group/group-record-codec.ts";

/** Key and value out of Kafka's log, in base64. */
const KAFKA: readonly (readonly [title: string, key: string, value: string | null, record: GroupRecord])[] = [
  [
    "a group, with the hash of its topics",
    "AAMABHMxLWc=",
    "AAAAAAACAQAIWEAg7TM72rE=",
    { type: "consumerGroup", groupId: "s1-g", value: { epoch: 2, metadataHash: 6359118876986038961n } },
  ],
  ["a group that is gone", "AAMABHM4LWc=", null, { type: "consumerGroup", groupId: "s8-g", value: null }],
  [
    "the metadata of partitions that older versions wrote, gone",
    "AAQABHM4LWc=",
    null,
    { type: "consumerPartitionMetadata", groupId: "s8-g", value: null },
  ],
  [
    "a member that subscribes by names",
    "AAUABHMwLWcAAUE=",
    "AAAAAARyYXcLLzEyNy4wLjAuMQIFczAtdAEAAOpgAAEAAQA=",
    {
      type: "consumerMember",
      groupId: "s0-g",
      memberId: "A",
      identity: {
        instanceId: null,
        rackId: null,
        clientId: "raw",
        clientHost: "/127.0.0.1",
        topicNames: ["s0-t"],
        topicRegex: "",
        rebalanceTimeoutMs: 60000,
        serverAssignor: null,
        classic: null,
      },
    },
  ],
  [
    "a member that subscribes by a regular expression",
    "AAUABHMyLWcAAUE=",
    "AAAAAARyYXcLLzEyNy4wLjAuMQEKczItb3JkZXJzAADqYAABAAEA",
    {
      type: "consumerMember",
      groupId: "s2-g",
      memberId: "A",
      identity: {
        instanceId: null,
        rackId: null,
        clientId: "raw",
        clientHost: "/127.0.0.1",
        topicNames: [],
        topicRegex: "s2-orders",
        rebalanceTimeoutMs: 60000,
        serverAssignor: null,
        classic: null,
      },
    },
  ],
  [
    "a static member",
    "AAUABHMxLWcAAUI=",
    "AAACaQAEcmF3Cy8xMjcuMC4wLjECBXMxLXQBAADqYAABAAEA",
    {
      type: "consumerMember",
      groupId: "s1-g",
      memberId: "B",
      identity: {
        instanceId: "i",
        rackId: null,
        clientId: "raw",
        clientHost: "/127.0.0.1",
        topicNames: ["s1-t"],
        topicRegex: "",
        rebalanceTimeoutMs: 60000,
        serverAssignor: null,
        classic: null,
      },
    },
  ],
  [
    "a static member of the classic protocol",
    "AAUABHMxLWcAFmFzSE9QWUhFU3YyaGdLR1IxbVRpYXc=",
    "AAACaQAEcmF3Cy8xMjcuMC4wLjECBXMxLXQBAAB1MAABACkBAAB1MAIGcmFuZ2UbAAMAAAABAARzMS10/////wAAAAD///////8AAA==",
    {
      type: "consumerMember",
      groupId: "s1-g",
      memberId: "asHOPYHESv2hgKGR1mTiaw",
      identity: {
        instanceId: "i",
        rackId: null,
        clientId: "raw",
        clientHost: "/127.0.0.1",
        topicNames: ["s1-t"],
        topicRegex: "",
        rebalanceTimeoutMs: 30000,
        serverAssignor: null,
        classic: {
          sessionTimeoutMs: 30000,
          protocols: [{ name: "range", metadata: Buffer.from("000300000001000473312d74ffffffff00000000ffffffffffff", "hex") }],
        },
      },
    },
  ],
  ["a member that is gone", "AAUABHMxLWcAAUE=", null, { type: "consumerMember", groupId: "s1-g", memberId: "A", identity: null }],
  [
    "at which epoch the target was computed, and when",
    "AAYABHMwLWc=",
    "AAAAAAACAQAIAAABoisArnY=",
    { type: "consumerTarget", groupId: "s0-g", value: { epoch: 2, timestampMs: 1796017794678 } },
  ],
  ["no target any more", "AAYABHM4LWc=", null, { type: "consumerTarget", groupId: "s8-g", value: null }],
  [
    "what a member is to have: nothing",
    "AAcABHMxLWcAAUE=",
    "AAABAA==",
    { type: "consumerMemberTarget", groupId: "s1-g", memberId: "A", target: new Map() },
  ],
  [
    "what a member is to have, of two topics",
    "AAcABHMxLWcAAUE=",
    "AAADqh0CzMZ6QleE5Ej27WmiXgMAAAAAAAAAAQBGiLAZ6ZRBGqDDMnkgke4yAgAAAAAAAA==",
    {
      type: "consumerMemberTarget",
      groupId: "s1-g",
      memberId: "A",
      target: new Map([
        ["qh0CzMZ6QleE5Ej27WmiXg", [0, 1]],
        ["RoiwGemUQRqgwzJ5IJHuMg", [0]],
      ]),
    },
  ],
  [
    "a member that is to have nothing any more",
    "AAcABHMxLWcAAUE=",
    null,
    { type: "consumerMemberTarget", groupId: "s1-g", memberId: "A", target: null },
  ],
  [
    "a member that has what it is to have",
    "AAgABHMzLWcAAUE=",
    "AAAAAAAEAAAAAwAEO3p2PhOtQOSRBYKa3Q1uTQIAAAAAAQAFAgAAAASh2yVsz+lMV63C258OxAnFAgAAAAABAAUCAAAAAszt85SvQUvUjrHJcPWqLx4CAAAAAAEABQIAAAADAQA=",
    {
      type: "consumerMemberProgress",
      groupId: "s3-g",
      memberId: "A",
      progress: {
        epoch: 4,
        previousEpoch: 3,
        state: 0,
        assigned: new Map([
          ["O3p2PhOtQOSRBYKa3Q1uTQ", new Map([[0, 4]])],
          ["odslbM_pTFetwtufDsQJxQ", new Map([[0, 2]])],
          ["zO3zlK9BS9SOsclw9aovHg", new Map([[0, 3]])],
        ]),
        pendingRevocation: new Map(),
      },
    },
  ],
  [
    "a member that has to give up partitions",
    "AAgABHMzLWcAAUE=",
    "AAAAAAAEAAAABAEDodslbM/pTFetwtufDsQJxQIAAAAAAQAFAgAAAALM7fOUr0FL1I6xyXD1qi8eAgAAAAABAAUCAAAAAwI7enY+E61A5JEFgprdDW5NAgAAAAABAAUCAAAABAA=",
    {
      type: "consumerMemberProgress",
      groupId: "s3-g",
      memberId: "A",
      progress: {
        epoch: 4,
        previousEpoch: 4,
        state: 1,
        assigned: new Map([
          ["odslbM_pTFetwtufDsQJxQ", new Map([[0, 2]])],
          ["zO3zlK9BS9SOsclw9aovHg", new Map([[0, 3]])],
        ]),
        pendingRevocation: new Map([["O3p2PhOtQOSRBYKa3Q1uTQ", new Map([[0, 4]])]]),
      },
    },
  ],
  [
    "a member that waits for partitions",
    "AAgABHM1LWcAAUI=",
    "AAAAAAADAAAAAAIBAQA=",
    {
      type: "consumerMemberProgress",
      groupId: "s5-g",
      memberId: "B",
      progress: { epoch: 3, previousEpoch: 0, state: 2, assigned: new Map(), pendingRevocation: new Map() },
    },
  ],
  [
    "a static member that left for a while",
    "AAgABHMwLWcAAUE=",
    "AAD////+AAAAAAAC1sVzTpNzSkea1svnBIUUXAMAAAAAAAAAAQEACQMAAAAAAAAAAAEA",
    {
      type: "consumerMemberProgress",
      groupId: "s0-g",
      memberId: "A",
      progress: {
        epoch: -2,
        previousEpoch: 0,
        state: 0,
        assigned: new Map([
          [
            "1sVzTpNzSkea1svnBIUUXA",
            new Map([
              [0, 0],
              [1, 0],
            ]),
          ],
        ]),
        pendingRevocation: new Map(),
      },
    },
  ],
  [
    "a member that has nothing any more",
    "AAgABHMxLWcAAUE=",
    null,
    { type: "consumerMemberProgress", groupId: "s1-g", memberId: "A", progress: null },
  ],
  [
    "a regular expression and its topics",
    "ABAABHMxLWcABnMxLXQuKg==",
    "AAADBnMxLXRhBnMxLXRiAAAAAAAAADYAAAGiKwCzLwA=",
    {
      type: "consumerRegex",
      groupId: "s1-g",
      regex: "s1-t.*",
      resolved: { topics: ["s1-ta", "s1-tb"], version: 54, timestampMs: 1796017795887 },
    },
  ],
  [
    "a regular expression that stands for nothing",
    "ABAABHM2LWcACnM2LW5vdGhpbmc=",
    "AAABAAAAAAAAADcAAAGiKwC1eAA=",
    { type: "consumerRegex", groupId: "s6-g", regex: "s6-nothing", resolved: { topics: [], version: 55, timestampMs: 1796017796472 } },
  ],
  [
    "a regular expression that is gone",
    "ABAABHMxLWcABnMxLXQuKg==",
    null,
    { type: "consumerRegex", groupId: "s1-g", regex: "s1-t.*", resolved: null },
  ],
];

test.each(KAFKA)("%s is read as Kafka wrote it, and written as Kafka does", (_, key, value, record) => {
  const stored = { key: Buffer.from(key, "base64"), value: value === null ? null : Buffer.from(value, "base64") };
  expect(groupRecordCodec.decode(stored.key, stored.value)).toEqual(record);
  expect(groupRecordCodec.encode(record)).toEqual(stored);
});

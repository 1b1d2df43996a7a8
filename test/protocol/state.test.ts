// Records of internal topics, in the bytes that Kafka's own tools read, and the embedded protocol of consumers.

import { describe, expect, expectTypeOf, it } from "vitest";
import { EncodingError } from "../../protocol/schema/support.ts";
import { groupMetadataRecord } from "../../protocol/state/classic-group-records.ts";
import { consumerGroupMetadataRecord } from "../../protocol/state/consumer-group-records.ts";
import { type ConsumerOffsetsKey, consumerOffsetsRecords } from "../../protocol/state/consumer-offsets.ts";
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from "../../protocol/state/consumer-protocol.ts";
import { decodeKey, decodeValue, encodeKey, encodeValue } from "../../protocol/state/coordinator-record.ts";
import { offsetCommitRecord } from "../../protocol/state/offset-records.ts";
import { transactionLogRecord } from "../../protocol/state/transaction-state.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";

const key = { group: "g", topic: "t", partition: 3 };

describe("keys", () => {
  it("begin with their type", () => {
    expect(encodeKey(offsetCommitRecord, key).toString("hex")).toBe("0001" + "000167" + "000174" + "00000003");
  });

  it("decode to a union told apart by name", () => {
    const decoded = decodeKey(consumerOffsetsRecords, encodeKey(offsetCommitRecord, key));
    expectTypeOf(decoded).toEqualTypeOf<ConsumerOffsetsKey | undefined>();
    if (decoded?.name !== "OffsetCommit") throw new Error("not an offset commit");
    expectTypeOf(decoded.key).toEqualTypeOf<{ group: string; topic: string; partition: number }>();
    expect(decoded.key).toEqual(key);
    expect(decoded.recordType).toBe(offsetCommitRecord);
  });

  it("of a type that is not known are undefined, so that a reader can pass over them", () => {
    expect(decodeKey(consumerOffsetsRecords, Buffer.from("7fff000167", "hex"))).toBeUndefined();
  });

  it("that are cut or too long are malformed", () => {
    expect(() => decodeKey(consumerOffsetsRecords, Buffer.from("00", "hex"))).toThrow(MalformedMessage);
    expect(() => decodeKey(consumerOffsetsRecords, Buffer.from("00020001", "hex"))).toThrow(MalformedMessage);
    expect(() => decodeKey(consumerOffsetsRecords, Buffer.from("0002000167ff", "hex"))).toThrow(MalformedMessage);
  });
});

describe("values", () => {
  const value = { offset: 42, leaderEpoch: 5, metadata: "m", commitTimestamp: 1000 };

  it("begin with their version", () => {
    expect(encodeValue(offsetCommitRecord, 3, value).toString("hex")).toBe(
      "0003" + "000000000000002a" + "00000005" + "00016d" + "00000000000003e8",
    );
    expect(decodeValue(offsetCommitRecord, encodeValue(offsetCommitRecord, 3, value))).toMatchObject(value);
  });

  it("larger than a chunk of the writer are one buffer", () => {
    const member = {
      memberId: "m",
      clientId: "c",
      clientHost: "/h",
      sessionTimeout: 1,
      subscription: Buffer.alloc(3000),
      assignment: Buffer.alloc(3000),
    };
    const group = { protocolType: "consumer", generation: 1, protocol: "range", leader: "m", members: [member, member] };
    const buffer = encodeValue(groupMetadataRecord, 3, group);
    expect(decodeValue(groupMetadataRecord, buffer)).toMatchObject(group);
  });

  it("carry hashes of all 64 bits", () => {
    const metadataHash = -(2n ** 63n) + 12345n;
    expect(decodeValue(consumerGroupMetadataRecord, encodeValue(consumerGroupMetadataRecord, 0, { epoch: 1, metadataHash }))).toEqual({
      epoch: 1,
      metadataHash,
    });
  });

  it("of an unknown version are malformed", () => {
    expect(() => decodeValue(offsetCommitRecord, Buffer.from("0009", "hex"))).toThrow(MalformedMessage);
    expect(() => decodeValue(offsetCommitRecord, Buffer.from("ffff", "hex"))).toThrow(MalformedMessage);
  });

  it("that a version cannot carry are refused", () => {
    const transaction = {
      producerId: 1,
      producerEpoch: 0,
      transactionTimeoutMs: 1,
      transactionStatus: 0,
      transactionPartitions: null,
      transactionLastUpdateTimestampMs: 0,
      transactionStartTimestampMs: -1,
      nextProducerId: 9,
    };
    expect(() => encodeValue(transactionLogRecord, 0, transaction)).toThrow(EncodingError);
    expect(decodeValue(transactionLogRecord, encodeValue(transactionLogRecord, 1, transaction))).toMatchObject(transaction);
  });
});

describe("the consumer protocol", () => {
  it("round-trips in every version, losing what a version lacks", () => {
    const subscription = {
      topics: ["a"],
      userData: null,
      ownedPartitions: [{ topic: "a", partitions: [1] }],
      generationId: 4,
      rackId: "r",
    };
    expect(decodeSubscription(encodeSubscription(3, subscription))).toEqual({ version: 3, subscription });
    expect(decodeSubscription(encodeSubscription(0, subscription)).subscription).toMatchObject({
      ownedPartitions: [],
      generationId: -1,
      rackId: null,
    });
    const assignment = { assignedPartitions: [{ topic: "a", partitions: [1, 2] }], userData: Buffer.from("x") };
    expect(decodeAssignment(encodeAssignment(1, assignment))).toEqual({ version: 1, assignment });
  });

  it("reads versions newer than it knows as the newest one that it knows, and passes over the rest", () => {
    const newer = Buffer.concat([encodeSubscription(3, { topics: ["a"] }), Buffer.from("unknown")]);
    newer.writeInt16BE(9);
    expect(decodeSubscription(newer)).toMatchObject({ version: 9, subscription: { topics: ["a"] } });
  });

  it("refuses negative versions and bytes of other protocols", () => {
    expect(() => decodeSubscription(Buffer.from("ffff", "hex"))).toThrow(MalformedMessage);
    expect(() => decodeAssignment(Buffer.from('{"version":1}'))).toThrow(MalformedMessage);
    expect(() => decodeAssignment(Buffer.alloc(0))).toThrow(MalformedMessage);
  });
});

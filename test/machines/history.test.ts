// The checker of what clients of a cluster of machines saw: that it sees what is wrong, and nothing else.

import { describe, expect, test } from "vitest";
import {
  complaintsAbout,
  type Evidence,
  type LogRecord,
  type Logs,
  transformComplaints,
  type WatermarksSeen,
} from "../interop/machines/history.ts";
import type { WriterEvent } from "../interop/machines/writer-log.ts";

const [P, Q, R] = ["orders/0", "ledger/0", "ledger/1"];
const HEALED_US = 1000;

const sent = (number: number, offset: number, sinceUs = 10 * number): WriterEvent => ({
  writer: "a",
  event: "sent",
  sinceUs,
  atUs: sinceUs + 5,
  place: P,
  offset,
  value: `a:${number}`,
});
const transaction = (number: number, outcome: "committed" | "aborted" | "unknown", sinceUs = 10 * number): WriterEvent => ({
  writer: "t",
  event: "transaction",
  sinceUs,
  atUs: sinceUs + 5,
  number,
  outcome,
  records: [
    [Q, `t:${number}:0`],
    [R, `t:${number}:1`],
  ],
});
const marks = (sinceUs: number, atUs: number, highWatermark: number, more: Partial<WatermarksSeen> = {}): WatermarksSeen => ({
  place: P,
  broker: "1",
  sinceUs,
  atUs,
  highWatermark,
  lastStableOffset: highWatermark,
  logStartOffset: 0,
  ...more,
});

/** Values by their offsets; a hole is left where nothing is. */
function log(...values: readonly (string | undefined)[]): readonly LogRecord[] {
  return values.flatMap((value, offset) => (value === undefined ? [] : [{ offset, value }]));
}

const RECORDS = [sent(0, 0), sent(1, 1), sent(200, 2)];
const STORED: Logs = new Map([
  [P, log("a:0", "a:1", "a:200")],
  [Q, log("t:0:0", undefined, "t:1:0", undefined, "t:200:0")],
  [R, log("t:0:1", undefined, "t:1:1", undefined, "t:200:1")],
]);
const COMMITTED: Logs = new Map([
  [P, log("a:0", "a:1", "a:200")],
  [Q, log("t:0:0", undefined, undefined, undefined, "t:200:0")],
  [R, log("t:0:1", undefined, undefined, undefined, "t:200:1")],
]);
const TRANSACTIONS = [transaction(0, "committed"), transaction(1, "aborted"), transaction(200, "unknown"), transaction(201, "unknown")];
const RIGHT: Evidence = {
  writers: [RECORDS, [...TRANSACTIONS, { ...transaction(300, "committed"), records: [] } as WriterEvent]],
  members: new Map([["readers", [[{ member: "m", atUs: 2200, event: "consumed", place: P, offset: 2 }]]]]),
  watermarks: [marks(0, 10, 1), marks(5, 20, 0), marks(11, 30, 1), marks(40, 50, 3)],
  offsets: [],
  records: [{ place: P, broker: "1", sinceUs: 1, atUs: 2, offset: 1, value: "a:1" }],
  stored: STORED,
  committed: new Map([["reader", COMMITTED]]),
  healedUs: HEALED_US,
  limits: { goOnMs: 5, callMs: 100 },
};

const withLog = (logs: Logs, place: string, ...values: readonly (string | undefined)[]): Logs =>
  new Map([...logs, [place, log(...values)]]);
const stored = (place: string, ...values: readonly (string | undefined)[]): Partial<Evidence> => ({
  stored: withLog(STORED, place, ...values),
});
const read = (place: string, ...values: readonly (string | undefined)[]): Partial<Evidence> => ({
  stored: withLog(STORED, place, ...values),
  committed: new Map([["reader", withLog(COMMITTED, place, ...values)]]),
});
const offset = (sinceUs: number, atUs: number, value: number) => ({
  group: "readers",
  place: P,
  broker: "2",
  sinceUs,
  atUs,
  offset: value,
});

test("a history in which all is well is not complained about", () => {
  expect(complaintsAbout(RIGHT)).toEqual([]);
});

describe("a history is complained about", () => {
  test.each<[string, Partial<Evidence>, RegExp]>([
    ["where what was acknowledged is lost", read(P, "a:0", "a:1"), /a:200 was acknowledged at orders\/0@2 and is lost/],
    ["where it is elsewhere", read(P, "a:0", "a:1", "b:0", "a:200"), /a:200 was acknowledged at orders\/0@2, where b:0 is/],
    [
      "where one reader does not find it",
      { committed: new Map([["reader", withLog(COMMITTED, P, "a:0", "a:1")]]) },
      /reader: a:200 .* is lost/,
    ],
    ["where it is there twice", read(P, "a:0", "a:1", "a:200", "a:1"), /a:1 is there twice, at orders\/0@1 and orders\/0@3/],
    ["where an unknown one is there twice", stored(P, "a:0", "a:1", "a:200", "a:3", "a:3"), /a:3 is there twice/],
    ["where records changed places", read(P, "a:0", "a:1", "a:200", "a:7"), /a:7 at orders\/0@3 comes after number 200/],
    [
      "where an offset had another content",
      { records: [{ place: P, broker: "9", sinceUs: 1, atUs: 2, offset: 1, value: "z:1" }] },
      /broker 9 gave z:1 at orders\/0@1, where a:1 is/,
    ],
    [
      "where what was read is gone",
      { records: [{ place: P, broker: "9", sinceUs: 1, atUs: 2, offset: 3, value: "z:1" }] },
      /where nothing is/,
    ],
    [
      "where half of a transaction is there",
      read(R, undefined, undefined, undefined, undefined, "t:200:1"),
      /transaction t:0 was committed, and 1 of its 2/,
    ],
    [
      "where an aborted transaction is read",
      read(Q, "t:0:0", undefined, "t:1:0", undefined, "t:200:0"),
      /transaction t:1 was aborted, and 1/,
    ],
    ["where half of an unknown one is there", read(Q, "t:0:0"), /transaction t:200 was unknown, and 1/],
    ["where the end of a log fell", { watermarks: [marks(0, 10, 5), marks(11, 20, 4)] }, /highWatermark of orders\/0 fell from 5/],
    [
      "where what is stable fell",
      { watermarks: [marks(0, 10, 5), marks(11, 20, 5, { lastStableOffset: 4 })] },
      /lastStableOffset of orders\/0 fell/,
    ],
    [
      "where the start of a log fell",
      { watermarks: [marks(0, 10, 5, { logStartOffset: 2 }), marks(11, 20, 5)] },
      /logStartOffset of orders\/0 fell/,
    ],
    ["where more is stable than there is", { watermarks: [marks(0, 10, 5, { lastStableOffset: 6 })] }, /told 0, 6, 5/],
    [
      "where a committed offset fell",
      { offsets: [offset(0, 10, 5), offset(11, 20, 4)] },
      /what readers has committed of orders\/0 fell from 5/,
    ],
    [
      "where a writer gave up",
      { writers: [[...RECORDS, { ...sent(3, 0), event: "unsent", error: "E" } as WriterEvent], TRANSACTIONS] },
      /a:3 was given up: E/,
    ],
    ["where a writer ended", { writers: [[...RECORDS, { writer: "a", atUs: 1, event: "failed", error: "E" }]] }, /a ended: E/],
    ["where a writer came no further", { writers: [RECORDS.slice(0, 2)] }, /a came no further for Infinity ms/],
    ["where a group came no further in time", { healedUs: -9000 }, /readers came no further for 11 ms/],
    [
      "where a call hung",
      { writers: [[...RECORDS, { ...sent(201, -1, 2010), atUs: 202_011, value: "a:200" } as WriterEvent]] },
      /a call lasted 200 ms/,
    ],
  ])("%s", (_, other, complaint) => {
    expect(complaintsAbout({ ...RIGHT, ...other }).join("\n")).toMatch(complaint);
  });
});

test("what was given up without an answer may be there, and may be missing", () => {
  const given: WriterEvent = { writer: "a", event: "sent", sinceUs: 2000, atUs: 2001, place: P, offset: -1, value: "a:200" };
  expect(complaintsAbout({ ...RIGHT, writers: [[sent(0, 0), sent(1, 1), given], ...RIGHT.writers.slice(1)] })).toEqual([]);
});

test("of answers that overlap none is the earlier one", () => {
  const offsets = [offset(0, 10, 5), offset(5, 20, 4), offset(21, 30, 5)];
  expect(complaintsAbout({ ...RIGHT, offsets })).toEqual([]);
});

test("what a transformer left out or copied twice is told", () => {
  const committed = new Map([["reader", new Map([["copies/0", log("orders/0/0", "orders/0/1", "orders/0/1")]])]]);
  expect(transformComplaints({ committed }, "copies", { [P]: 3 })).toEqual([
    "reader: orders/0/1 was copied 2 times",
    "reader: orders/0/2 was copied 0 times",
  ]);
});

// What `odradek cluster --cluster …` prints of what is stored.

import { expect, test } from "vitest";
import { printStored } from "../../src/cli/admin/commands/stored.ts";
import { monthCost, S3_PRICES } from "../../src/membership/month-cost.ts";
import type { StoredOverview } from "../../src/membership/stored.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const traffic = {
  ...{ putCount: 86_400, listCount: 24, getCount: 864_000, deleteCount: 500, putBytes: 10 * 2 ** 30, gotBytes: 2 ** 29 },
  ...{ spanMs: 86_000_000, ageMs: 41_000 },
};
const objects = {
  ...{ objectCount: 1234, objectBytes: 100 * 2 ** 30, smallObjectCount: 34, smallObjectBytes: 1_258_291, smallSegmentCount: 60 },
  ...{ inlineSegmentCount: 12, inlineBytes: 900, markedCount: 9, markedOrphanCount: 2, markedBytes: 20_480, oldestMarkAgeMs: 200_000 },
};
const topics = Array.from({ length: 12 }, (_, index) => ({ topic: `t${index}`, sizeBytes: (12 - index) * 2 ** 20 }));

function printed(stored: StoredOverview): string {
  const terminal = new FakeTerminal();
  printStored(stored, terminal);
  return terminal.output;
}

test("objects, the largest topics and a month of the traffic are printed, with what is not in it", () => {
  const text = printed({ objects, topics, traffic, month: monthCost(traffic, objects.objectBytes, S3_PRICES) });
  expect(text).toBe(`
stored                                            count  size
objects                                            1234  100.0 GiB
  as they were appended, to be put together          34  1.2 MiB
  of which nothing is left, to be deleted             7  20.0 KiB
objects that were never committed, to be deleted      2  not known
rows with records in the database itself             12  900 B
What is to be deleted waits for its grace (diskless.object.grace.ms), the first for 3 min by now.

topic  size
t0     12.0 MiB
t1     11.0 MiB
t2     10.0 MiB
t3     9.0 MiB
t4     8.0 MiB
t5     7.0 MiB
t6     6.0 MiB
t7     5.0 MiB
t8     4.0 MiB
t9     3.0 MiB
2 smaller ones have 3.0 MiB together.

A month like what brokers told of their requests for 23 h 53 min, up to 41 s ago, at S3's prices (Standard, us-east-1, aws.amazon.com/s3/pricing, 2025):
what            month       price              dollars
PUT             2,604,056   $0.005 for 1,000   13.02
LIST            723         $0.005 for 1,000   0.00
GET             26,040,558  $0.0004 for 1,000  10.42
DELETE          15,070      free               0.00
stored, as now  100.0 GiB   $0.023 for a GB    2.30
all             -           -                  25.74
That month would move 301.4 GiB to the store and 15.1 GiB from it, free within a region.
Not included: traffic between zones, PostgreSQL, the machines of the brokers, taxes, and whatever will be stored beyond what is there now.
`);
});

test("while nothing was told there is no month", () => {
  const nothing = { putCount: 0, listCount: 0, getCount: 0, deleteCount: 0, putBytes: 0, gotBytes: 0, spanMs: 0, ageMs: -1 };
  const text = printed({ objects: { ...objects, markedCount: 0, markedOrphanCount: 0 }, topics: [], traffic: nothing, month: undefined });
  expect(text).not.toContain("grace");
  expect(text).toContain("\nNo broker has told yet what it asked of the object store; each does about once a minute");
});

// Who may speak HTTP with a broker: what a page that somebody visits sends is refused, and so are other machines and names.

import { expect, test } from "vitest";
import { type Approach, approachFault, isLoopback } from "../../src/http/guard.ts";

function refusal(headers: Readonly<Record<string, string>>, more: Partial<Approach> = {}): number | undefined {
  const all = { host: "localhost:9092", ...headers };
  const rawHeaders = Object.entries(all).flat();
  return approachFault({ headers: all, rawHeaders, target: "/", isSecure: false, ...more }, (name) => name === "kafka.internal")?.status;
}

test.each([
  "localhost",
  "localhost:9092",
  "LOCALHOST:9092",
  "app.localhost",
  "127.0.0.1:9092",
  "[::1]:9092",
  "10.0.0.7",
  "kafka.internal:9092",
])("the name %s is the broker's", (host) => {
  expect(refusal({ host })).toBeUndefined();
});

test.each([
  ["evil.example", 421],
  ["evil.example:9092", 421],
  ["localhost.evil.example", 421],
  ["127.0.0.1.nip.io", 421],
  ["notlocalhost", 421],
  ["kafka.internal.evil.example", 421],
  ["localhost@evil.example", 421],
  ["", 400],
  ["localhost:9092:1", 400],
  ["localhost:99999999", 400],
])("the name %j is not", (host, status) => {
  expect(refusal({ host })).toBe(status);
});

test("a request has one Host header", () => {
  expect(refusal({}, { rawHeaders: ["Host", "localhost", "host", "localhost"] })).toBe(400);
  expect(refusal({}, { rawHeaders: [] })).toBe(400);
});

test("a page of the same origin may ask, another one may not", () => {
  expect(refusal({ origin: "http://localhost:9092" })).toBeUndefined();
  expect(refusal({ origin: "https://localhost:9092" }, { isSecure: true })).toBeUndefined();
  for (const origin of ["http://localhost:3000", "https://localhost:9092", "http://127.0.0.1:9092", "https://evil.example", "null", ""])
    expect([origin, refusal({ origin })]).toEqual([origin, 403]);
});

test("a page of another origin that does not say so is known by what its browser says", () => {
  expect(refusal({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" })).toBe(403);
  expect(refusal({ "sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" })).toBe(403);
  expect(refusal({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" })).toBe(403);
  // A link that is followed, and what the broker's own page asks for.
  expect(refusal({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" })).toBeUndefined();
  expect(refusal({ "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" })).toBeUndefined();
  expect(refusal({ "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" })).toBeUndefined();
});

test("which addresses are this machine's own", () => {
  expect(["127.0.0.1", "127.8.0.1", "::1"].every(isLoopback)).toBe(true);
  expect(["10.0.0.1", "::", "1127.0.0.1", "fe80::1", ""].some(isLoopback)).toBe(false);
});

import { expect, test } from "vitest";
import { murmur2 } from "../../src/base/murmur2.ts";

// Hashes that Kafka's own clients give (its Utils tests).
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
])("%s hashes as in Kafka's clients", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

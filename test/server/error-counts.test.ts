// The errors of a reply, wherever its response has them: held against a walk through what was made of the declaration.

import { expect, test } from "vitest";
import { apiByKey, fetch, metadata, produce } from "../../protocol/messages/index.ts";
import type { FieldType, Shape } from "../../protocol/schema/field.ts";
import { errorCounter } from "../../src/server/error-counts.ts";

/** Two of whatever there may be many of, with error codes that count up; `codes` has those that it has. */
function sample(shape: Shape, codes: number[]): object {
  return Object.fromEntries(Object.entries(shape).map(([name, { type }]) => [name, sampleOf(name, type, codes)]));
}

function sampleOf(name: string, type: FieldType, codes: number[]): unknown {
  switch (type.kind) {
    case "primitive":
      return name === "errorCode" ? codes[codes.push(codes.length % 3) - 1] : undefined;
    case "struct":
      return sample(type.struct.shape, codes);
    case "array":
      return [sampleOf("", type.element, codes), sampleOf("", type.element, codes)];
  }
}

test.each([...apiByKey.values()].map((api) => [api.name, api.response.struct.shape] as const))("%s", (_, shape) => {
  const codes: number[] = [];
  const reply = sample(shape, codes);
  const count = errorCounter(shape);
  const told: number[] = [];
  expect(count?.(reply, (code) => told.push(code)) ?? 0).toBe(codes.filter((code) => code === 0).length);
  expect(told.toSorted()).toEqual(codes.filter((code) => code !== 0).toSorted());
});

test("what a reply leaves out counts as without an error, and as often as it is there", () => {
  const none = () => expect.unreachable();
  expect(errorCounter(produce.response.struct.shape)?.({ responses: [{ partitionResponses: [{ index: 0 }, { index: 1 }] }] }, none)).toBe(
    2,
  );
  expect(errorCounter(fetch.response.struct.shape)?.({ responses: [] }, none)).toBe(1);
  expect(errorCounter(metadata.response.struct.shape)?.({ topics: null }, none)).toBeLessThanOrEqual(1);
});

import { expect, test } from "vitest";
import { type Names, warnOfUnreachable } from "../../src/cli/advertised.ts";
import { planStart } from "../../src/cli/start-plan.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const names: Names = {
  resolve: (host) =>
    host === "here" ? Promise.resolve(["10.0.0.5"]) : host === "there" ? Promise.resolve(["10.0.0.9"]) : Promise.reject(),
  own: () => ["127.0.0.1", "10.0.0.5"],
};

async function warnings(advertised: string): Promise<RecordedLine[]> {
  const lines: RecordedLine[] = [];
  const { configs } = planStart({}, { KAFKA_ADVERTISED_LISTENERS: advertised });
  await warnOfUnreachable(configs, recordingLogger(lines), names);
  return lines;
}

test.each([
  "PLAINTEXT://localhost:9092",
  "PLAINTEXT://127.0.0.1:9092",
  "PLAINTEXT://here:9092",
  "PLAINTEXT://10.0.0.5:9092",
  "PLAINTEXT://:9092",
])("%s is this machine, of which nothing is said", async (advertised) => {
  expect(await warnings(advertised)).toEqual([]);
});

test("an advertised host that does not resolve is said, with where it was given", async () => {
  expect(await warnings("PLAINTEXT://kafka:9092")).toEqual([
    {
      level: "warn",
      message: "clients here cannot follow where they are sent on to: the host does not resolve",
      facts: { advertised: ["kafka:9092"], given: "by the environment variable KAFKA_ADVERTISED_LISTENERS" },
    },
  ]);
});

test("an advertised host of another machine is said", async () => {
  for (const host of ["there", "10.0.0.9"]) {
    const [line] = await warnings(`PLAINTEXT://${host}:9092`);
    expect(line).toMatchObject({
      message: "clients are sent on to an address that is not this machine's",
      facts: { advertised: [`${host}:9092`] },
    });
  }
});

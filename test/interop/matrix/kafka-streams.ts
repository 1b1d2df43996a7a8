// A Kafka Streams application with joins, windows and queries (../java/StreamsJoins.java). Word counts with members that come and go are in
// ../transactions-streams.interop.ts and ../streams-groups.interop.ts.

import type { BrokerUnderTest } from "../broker-under-test.ts";
import type { Observation } from "../compare.ts";
import { javaProgram } from "../java-program.ts";
import { runOrThrow } from "../processes.ts";
import { workFolder } from "./java-service.ts";
import type { Row } from "./rows.ts";

const program = () => javaProgram("StreamsJoins");

async function run({ name, bootstrap }: BrokerUnderTest): Promise<Observation> {
  const args = [...(await program()), bootstrap, workFolder(`streams-joins-${name}`)];
  return JSON.parse(await runOrThrow("java", args, { deadlineMs: 240_000 })) as Observation;
}

export const KAFKA_STREAMS: Row = {
  client: "Kafka Streams",
  language: "Java",
  async open() {
    await program();
    return { version: "4.3", lacks: {} };
  },
  cells: [{ title: "joins of streams and tables, windows, queries of stores that are restored, exactly once", run }],
};

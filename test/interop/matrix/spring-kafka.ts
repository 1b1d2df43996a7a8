// An application with Spring for Apache Kafka (../java/SpringApp.java).

import type { BrokerUnderTest } from "../broker-under-test.ts";
import type { Observation } from "../compare.ts";
import { javaProgram } from "../java-program.ts";
import { runOrThrow } from "../processes.ts";
import type { Row } from "./rows.ts";

const VERSION = "4.1.2";
const LIBRARIES = {
  version: `spring-kafka-${VERSION}`,
  artifacts: [
    `org.springframework.kafka:spring-kafka:${VERSION}`,
    "org.apache.kafka:kafka-clients:4.3.1",
    "com.fasterxml.jackson.core:jackson-databind:2.21.2",
  ],
};

const program = () => javaProgram("SpringApp", undefined, LIBRARIES);

async function run({ bootstrap }: BrokerUnderTest): Promise<Observation> {
  return JSON.parse(await runOrThrow("java", [...(await program()), bootstrap], { deadlineMs: 180_000 })) as Observation;
}

export const SPRING_KAFKA: Row = {
  client: "Spring Kafka",
  language: "Java",
  async open() {
    await program();
    return { version: VERSION, lacks: {} };
  },
  cells: [{ title: "listeners with retries and dead letters, transactions, requests with replies", run }],
};

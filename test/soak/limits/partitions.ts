// Ten thousand partitions: made, told of, started again after a stop and after a crash, and deleted.

import { createTopics, deleteTopics, metadata } from "../../../protocol/messages/index.ts";
import { RawClient } from "../../support/raw-client.ts";
import { type LimitFigures, type LimitOptions, withBroker } from "./limit-run.ts";

const PARTITIONS_A_TOPIC = 100;
/** A request may make no more than 10 000 things, as with Kafka. */
const TOPICS_AT_ONCE = 50;
const TIMEOUT_MS = 120_000;
const METADATA_ASKED = 20;

export function manyPartitions(options: LimitOptions, count: number): Promise<Record<string, LimitFigures>> {
  return withBroker(options, async (run) => {
    const names = Array.from({ length: Math.ceil(count / PARTITIONS_A_TOPIC) }, (_, index) => `many-${index}`);
    const client = await RawClient.connect(run.broker.port);
    const made = await run.measured("made", async () => {
      for (let from = 0; from < names.length; from += TOPICS_AT_ONCE) {
        const some = names.slice(from, from + TOPICS_AT_ONCE);
        const topics = some.map((name) => ({
          name,
          numPartitions: PARTITIONS_A_TOPIC,
          replicationFactor: 1,
          assignments: [],
          configs: [],
        }));
        const answer = await client.call(createTopics, 5, { topics, timeoutMs: TIMEOUT_MS, validateOnly: false });
        expectNone(answer?.topics);
      }
    });
    const told = await run.measured("told", async () => {
      for (let times = 0; times < METADATA_ASKED; times++) {
        const answer = await client.call(metadata, 9, { topics: null, allowAutoTopicCreation: false });
        expectNone(answer?.topics);
      }
    });
    client.close();
    const restarted = await run.restart("stop");
    const recovered = await run.restart("kill");
    const other = await RawClient.connect(run.broker.port);
    const deleted = await run.measured("deleted", async () => {
      const answer = await other.call(deleteTopics, 5, { topicNames: names, timeoutMs: TIMEOUT_MS });
      expectNone(answer?.responses);
      await new Promise((resolve) => setTimeout(resolve, 5000));
    });
    other.close();
    return { made, told, restarted, recovered, deleted };
  });
}

function expectNone(answers: readonly { readonly errorCode: number }[] | undefined): void {
  const failed = answers === undefined ? "the connection was closed" : answers.find(({ errorCode }) => errorCode !== 0)?.errorCode;
  if (failed !== undefined) throw new Error(`refused: ${failed}`);
}

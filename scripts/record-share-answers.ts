// Records what Apache Kafka answers and stores in every scenario of test/share-answers, and keeps it in test/facts/share-answers.json.
//
//   node scripts/record-share-answers.ts [--port 19420] [--check]
//
// Starts Kafka (KAFKA_REFERENCE, with a JDK). With --check nothing is written: what differs from the facts that are kept is printed.

import { askKafka, readFacts, writeFacts } from "../test/share-answers/facts.ts";
import { record } from "./recording.ts";

await record({ usualPort: "19420", askKafka, readFacts, writeFacts });

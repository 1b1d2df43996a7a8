// Records what Apache Kafka 3.9 answers in every scenario of test/old-clients, and keeps it in test/facts/old-clients.json.
//
//   node scripts/record-old-clients.ts [--port 19430] [--check]
//
// Starts that Kafka (KAFKA_REFERENCE, with a JDK). With --check nothing is written: what differs from the facts that are kept is printed.

import { askKafka, readFacts, writeFacts } from "../test/old-clients/facts.ts";
import { record } from "./recording.ts";

await record({ usualPort: "19430", askKafka, readFacts, writeFacts });

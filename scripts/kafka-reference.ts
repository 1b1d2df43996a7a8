// Where Apache Kafka itself is, to compare with: a tool that starts and stops it and runs its command line tools.
// KAFKA_REFERENCE names it; by default it lies beside the repository. Nothing but interop and bench needs it.

import { existsSync } from "node:fs";
import { resolve } from "node:path";

export const KAFKA_REFERENCE = resolve(import.meta.dirname, "..", process.env["KAFKA_REFERENCE"] ?? "../shared/tools/kafka/kafka");

export function hasKafkaReference(): boolean {
  return existsSync(KAFKA_REFERENCE);
}

// Applications and frameworks over a client, with scenarios of their own.

import { CONNECT } from "./connect.ts";
import { KAFKA_STREAMS } from "./kafka-streams.ts";
import type { Row } from "./rows.ts";
import { SPRING_KAFKA } from "./spring-kafka.ts";

export const APPLICATIONS: readonly Row[] = [CONNECT, KAFKA_STREAMS, SPRING_KAFKA];

// Applications and frameworks over a client, with scenarios of their own.

import { CONNECT } from "./connect.ts";
import { MIRROR_MAKER } from "./mirror-maker.ts";
import type { Row } from "./rows.ts";
import { SPRING_KAFKA } from "./spring-kafka.ts";

export const APPLICATIONS: readonly Row[] = [CONNECT, MIRROR_MAKER, SPRING_KAFKA];

// All scenarios of the record, in the order of the facts.

import type { Scenario } from "./scenario.ts";
import { ADMINISTRATION_SCENARIOS } from "./scenarios-administration.ts";
import { CLASSIC_SCENARIOS } from "./scenarios-classic.ts";
import { HEARTBEAT_SCENARIOS } from "./scenarios-heartbeat.ts";
import { OFFSET_SCENARIOS } from "./scenarios-offsets.ts";
import { RECONCILIATION_SCENARIOS } from "./scenarios-reconciliation.ts";
import { SET_UP_SCENARIOS } from "./scenarios-set-ups.ts";
import { SHARE_SCENARIOS } from "./scenarios-share.ts";
import { SHARE_ADMINISTRATION_SCENARIOS } from "./scenarios-share-administration.ts";
import { STREAMS_SCENARIOS } from "./scenarios-streams.ts";
import { STREAMS_ADMINISTRATION_SCENARIOS } from "./scenarios-streams-administration.ts";
import { STREAMS_TOPIC_SCENARIOS } from "./scenarios-streams-topics.ts";
import { TOPIC_SCENARIOS } from "./scenarios-topics.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...HEARTBEAT_SCENARIOS,
  ...TOPIC_SCENARIOS,
  ...RECONCILIATION_SCENARIOS,
  ...ADMINISTRATION_SCENARIOS,
  ...OFFSET_SCENARIOS,
  ...CLASSIC_SCENARIOS,
  ...SET_UP_SCENARIOS,
  ...SHARE_SCENARIOS,
  ...SHARE_ADMINISTRATION_SCENARIOS,
  ...STREAMS_SCENARIOS,
  ...STREAMS_TOPIC_SCENARIOS,
  ...STREAMS_ADMINISTRATION_SCENARIOS,
];

// A group's members that are out of date, by requests that no client makes of itself.

import { join } from "node:path";
import { NODE } from "./broker-under-test.ts";
import { withClient } from "./client-process.ts";
import { compare, type Observation } from "./compare.ts";
import { runOrThrow } from "./processes.ts";

compare("a coordinator refuses members with a stale generation and members that it does not know", async ({ bootstrap }) => {
  const topic = "stale";
  await withClient("kafkajs", bootstrap, (outsider) => outsider.call("createTopic", { topic, partitions: 1 }));
  return JSON.parse(await runOrThrow(NODE, [join(import.meta.dirname, "node/stale-member.ts"), bootstrap, topic])) as Observation;
});

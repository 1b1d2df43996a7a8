// What access rules cost where most is asked: small batches, each of which is asked for. Two brokers stand beside each other, one with rules
// and one without, and take turns; the figure is the median of what the turns with rules cost more than those before them.

import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import type { Contender } from "./contender.ts";
import { median } from "./figures.ts";
import { checkCode } from "./frame-socket.ts";
import { replay, targetOf } from "./replay-order.ts";
import { BROKERS, type Scenario } from "./scenario.ts";

const AUTHORIZER = { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer" };
const TOPIC = "rules";
const ANONYMOUS = "User:ANONYMOUS";
/** About other topics and other users: there are always more rules than one's own. */
const OTHER_RULES = 100;
const PARTITIONS = 4;
const REQUESTS = 120_000;
const TURNS = 7;
const MOST_SECONDS = 20;

const [TOPIC_TYPE, CLUSTER_TYPE] = [2, 4];
const [LITERAL, PREFIXED] = [3, 4];
const [ALL, READ] = [2, 3];
const ALLOW = 3;

export const accessRules: Scenario = {
  name: "access-rules",
  about: "what access rules add to produce: two brokers in turn, with rules and without",
  contenders: BROKERS.filter((name) => name !== "against"),
  async measure(run) {
    const without = await run.launch();
    // Brokers and the load generator come by no name, and at first there are no rules.
    const withRules = await run.launch({ settings: { ...AUTHORIZER, "super.users": ANONYMOUS } });
    await makeRules(withRules);
    await withRules.end("clean");
    const { folder } = withRules;
    if (folder === undefined) throw new Error("a broker that somebody else runs cannot be started again");
    const under = await run.launch({ settings: AUTHORIZER, folder });
    const produce = async (contender: Contender) => {
      const topic = await contender.createTopic(TOPIC, { partitions: PARTITIONS });
      const { brokerCpuSeconds = Number.NaN, requests } = await replay({
        mode: "produce",
        ...targetOf(contender),
        topic,
        partitions: PARTITIONS,
        connections: PARTITIONS,
        window: 16,
        requests: run.scaled(REQUESTS, PARTITIONS * 4),
        mostSeconds: MOST_SECONDS,
        recordBytes: 1024,
        recordsPerBatch: 1,
        acks: -1,
      });
      return (brokerCpuSeconds / requests) * 1e6;
    };
    await produce(without);
    await produce(under);
    const costs: { readonly plain: number; readonly ruled: number }[] = [];
    for (let turn = 0; turn < TURNS; turn++) costs.push({ plain: await produce(without), ruled: await produce(under) });
    run.add("broker CPU for a million requests of one record, without access rules", "s", median(costs.map(({ plain }) => plain)));
    run.add("broker CPU for a million requests of one record, under access rules", "s", median(costs.map(({ ruled }) => ruled)));
    run.add("broker CPU that access rules add", "%", median(costs.map(({ plain, ruled }) => (ruled / plain - 1) * 100)));
  },
};

async function makeRules({ host, port }: Contender): Promise<void> {
  const rule = (resourceType: number, resourceName: string, principal: string, operation: number, resourcePatternType = LITERAL) => ({
    resourceType,
    resourceName,
    resourcePatternType,
    principal,
    host: "*",
    operation,
    permissionType: ALLOW,
  });
  const others = Array.from({ length: OTHER_RULES }, (_, index) => rule(TOPIC_TYPE, `other-${index}`, `User:user-${index}`, READ));
  const creations = [rule(CLUSTER_TYPE, "kafka-cluster", ANONYMOUS, ALL), rule(TOPIC_TYPE, TOPIC, ANONYMOUS, ALL, PREFIXED), ...others];
  const client = await RawClient.connect(port, host);
  try {
    const made = await client.call(messages.createAcls, 3, { creations });
    for (const { errorCode } of made?.results ?? []) checkCode("CreateAcls", errorCode);
  } finally {
    client.close();
  }
}

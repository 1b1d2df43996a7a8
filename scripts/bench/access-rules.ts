// What access rules cost produce, where each batch is asked for. Two brokers stand beside each other, one with rules
// and one without, and take turns; the figure is what the cheapest turn with rules costs more than the cheapest without: what else the machine
// does can only add to them.

import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import type { Contender } from "./contender.ts";
import { checkCode } from "./frame-socket.ts";
import { replay, targetOf } from "./replay-order.ts";
import { BROKERS, type Scenario } from "./scenario.ts";

const AUTHORIZER = { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer" };
const TOPIC = "rules";
const ANONYMOUS = "User:ANONYMOUS";
/** About other topics and other users: there are always more rules than one's own. */
const OTHER_RULES = 100;
const PARTITIONS = 4;
/** The smallest that there are, and those of clients with their defaults. */
const SHAPES = [
  { label: "batches of 1 record", recordsPerBatch: 1, requests: 150_000 },
  { label: "batches of 16 KB", recordsPerBatch: 16, requests: 40_000 },
] as const;
type Shape = (typeof SHAPES)[number];
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
    const produce = async (contender: Contender, { recordsPerBatch, requests: most }: Shape) => {
      const topic = await contender.createTopic(TOPIC, { partitions: PARTITIONS });
      const { brokerCpuSeconds = Number.NaN, requests } = await replay({
        mode: "produce",
        ...targetOf(contender),
        topic,
        partitions: PARTITIONS,
        connections: PARTITIONS,
        window: 16,
        requests: run.scaled(most, PARTITIONS * 4),
        mostSeconds: MOST_SECONDS,
        recordBytes: 1024,
        recordsPerBatch,
        acks: -1,
      });
      return (brokerCpuSeconds / requests) * 1e6;
    };
    for (const shape of SHAPES) {
      await run.attempt(`access rules, ${shape.label}`, async () => {
        await produce(without, shape);
        await produce(under, shape);
        let [plain, ruled] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
        for (let turn = 0; turn < TURNS; turn++) {
          plain = Math.min(plain, await produce(without, shape));
          ruled = Math.min(ruled, await produce(under, shape));
        }
        const what = `broker CPU for a million requests, ${shape.label}`;
        run.add(`${what}, without access rules`, "s", plain);
        run.add(`${what}, under access rules`, "s", ruled);
        run.add(`broker CPU that access rules add, ${shape.label}`, "%", (ruled / plain - 1) * 100);
      });
    }
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

// What a client gets to know of a share group by access rules: all of it, or nothing where a member has been given a topic that the client may
// not describe (KIP-932). What is refused to whom besides is in access-rules.test.ts.

import { afterAll, beforeAll, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { shareGroupDescribe, shareGroupHeartbeat } from "../../protocol/messages/index.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { logIn } from "../access-rules/login.ts";
import { allow, DESCRIBE, GROUP, TOPIC } from "../access-rules/rules.ts";
import { SetUp } from "../access-rules/set-up.ts";
import type { RawClient } from "../support/raw-client.ts";

const [ADMIN, ALICE] = ["admin", "alice"];

let broker: RunningBroker;
let admin: RawClient;
let alice: RawClient;

beforeAll(async () => {
  broker = await startBroker({
    users: { [ADMIN]: ADMIN, [ALICE]: ALICE },
    topics: ["orders"],
    settings: {
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": `User:${ADMIN}`,
    },
  });
  [admin, alice] = [await logIn(broker.port, ADMIN), await logIn(broker.port, ALICE)];
});
afterAll(async () => {
  admin.close();
  alice.close();
  await broker.stop();
});

test("ShareGroupDescribe asks for DESCRIBE of every topic that a member has", async () => {
  const setUp = new SetUp(admin, 0);
  await setUp.coordinators();
  const describe = async (client: RawClient) => {
    const answer = await client.call(shareGroupDescribe, 1, { groupIds: ["g"], includeAuthorizedOperations: false });
    const group = answer?.groups[0];
    return { error: group?.errorCode, members: group?.members.length };
  };
  const beat = (memberEpoch: number) =>
    admin.call(shareGroupHeartbeat, 1, {
      groupId: "g",
      memberId: "m",
      memberEpoch,
      ...(memberEpoch === 0 ? { subscribedTopicNames: ["orders"] } : {}),
    });
  const rule = (resourceType: number, resourceName: string) => allow({ resourceType, resourceName, operation: DESCRIBE }, `User:${ALICE}`);
  let joined = await beat(0);
  await setUp.makeRules([rule(GROUP, "g")]);
  expect(await describe(alice)).toEqual({ error: Errors.NONE, members: 1 });
  await expect
    .poll(async () => {
      joined = await beat(joined?.memberEpoch ?? 0);
      return (await broker.groups.get("g")).members[0]?.assignment;
    })
    .toEqual([{ topic: "orders", partitions: [0] }]);
  expect(await describe(admin)).toEqual({ error: Errors.NONE, members: 1 });
  expect(await describe(alice)).toEqual({ error: Errors.TOPIC_AUTHORIZATION_FAILED, members: 0 });
  await setUp.dropRules();
  await setUp.makeRules([rule(GROUP, "g"), rule(TOPIC, "orders")]);
  expect(await describe(alice)).toEqual({ error: Errors.NONE, members: 1 });
});

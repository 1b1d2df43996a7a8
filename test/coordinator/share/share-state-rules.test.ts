// Who may ask about the state of share partitions: brokers, and whom a rule lets act for the cluster.

import { expect, test } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import type { Encodable, Shape } from "../../../protocol/schema/field.ts";
import { startBroker } from "../../../src/index.ts";
import { steps } from "../../share-state-answers/requests.ts";
import { RawClient } from "../../support/raw-client.ts";

const TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAQ";
const ALL_FIVE = 5;

async function told(settings: Readonly<Record<string, string>>): Promise<Map<string, number>> {
  const broker = await startBroker({ settings });
  const client = await RawClient.connect(broker.port);
  const errors = new Map<string, number>();
  for (const { api, version, body } of steps(TOPIC_ID)) {
    if (errors.size === ALL_FIVE) break;
    const answer = await client.call(api, version, body as Encodable<Shape>);
    const [result] = (answer?.["results"] ?? []) as readonly { readonly partitions: readonly { readonly errorCode: number }[] }[];
    errors.set(api.name, result?.partitions[0]?.errorCode ?? 0);
  }
  client.close();
  await broker.stop();
  return errors;
}

test("who may not act for the cluster is told nothing of states, and changes none", async () => {
  const authorizer = { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer" };
  const refused = await told({ ...authorizer, "super.users": "User:admin" });
  expect([...refused.values()]).toEqual(Array(ALL_FIVE).fill(Errors.CLUSTER_AUTHORIZATION_FAILED));
  const permitted = await told({ ...authorizer, "allow.everyone.if.no.acl.found": "true" });
  expect([...permitted.values()]).not.toContain(Errors.CLUSTER_AUTHORIZATION_FAILED);
});

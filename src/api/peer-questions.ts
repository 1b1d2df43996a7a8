// What brokers ask each other that Kafka's protocol has no request for, in Envelopes without a principal: who asks has looked whether his client may
// know it.

import { Errors } from "../../protocol/errors.ts";
import { envelope } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import type { Rebalance } from "../coordinator/group/rebalance-timeline.ts";
import type { Services } from "./services.ts";

/** Of the group's coordinator. */
interface Question {
  readonly question: "rebalances";
  readonly group: string;
}

export interface GroupTimeline {
  readonly obstacles: readonly string[];
  readonly rebalances: readonly Rebalance[];
}

const BEGINNING = Buffer.from('{"question":');

export function isQuestion(requestData: Buffer): boolean {
  return requestData.subarray(0, BEGINNING.length).equals(BEGINNING);
}

export function answerQuestion(services: Services, requestData: Buffer): EncodableMessage<typeof envelope.response> {
  const { group }: Question = JSON.parse(requestData.toString());
  return { errorCode: Errors.NONE, responseData: Buffer.from(JSON.stringify(timelineHere(services, group))) };
}

/** `undefined` where the broker does not answer. */
export async function timelineOf(services: Services, broker: number, group: string): Promise<GroupTimeline | undefined> {
  if (broker === services.brokerId) return timelineHere(services, group);
  const requestData = Buffer.from(JSON.stringify({ question: "rebalances", group } satisfies Question));
  const asked = { requestData, requestPrincipal: null, clientHostAddress: Buffer.alloc(0) };
  const answer = await services.peers.call(broker, envelope, 0, asked);
  return answer?.errorCode === Errors.NONE && answer.responseData !== null ? JSON.parse(answer.responseData.toString()) : undefined;
}

function timelineHere({ groups }: Services, group: string): GroupTimeline {
  return { obstacles: groups.obstacles(group), rebalances: groups.rebalances(group) };
}

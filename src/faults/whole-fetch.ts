// A Fetch with all partitions of its session, which it takes up as it would without a fault: an element for each partition.

import type { Decoded, Shape } from "../../protocol/schema/field.ts";
import { planFetch } from "../api/fetch-plan.ts";
import type { Services } from "../api/services.ts";
import type { Exchange } from "../server/interceptors.ts";

/** For a Fetch that will not be handled: the session moves on. Gives the request as it is when its session is not known. */
export function wholeFetch(services: Services, { request, context }: Exchange): Decoded<Shape> {
  const plan = planFetch(services, request as Parameters<typeof planFetch>[1], context);
  if ("error" in plan) return request;
  const read = plan.toRead();
  const partitions = plan.session === undefined ? read : [...plan.session.partitions.values()];
  const topics = partitions.map(({ topic, topicId, partition }) => ({ topic, topicId, partitions: [{ partition }] }));
  return { ...request, topics, sessionId: plan.session?.id ?? 0 };
}

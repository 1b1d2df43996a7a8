// CreatePartitions (key 37, KIP-195). Raises the number of partitions of topics. The new partitions are open when the answer comes.

import { Errors } from "../../protocol/errors.ts";
import { createPartitions as createPartitionsApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { repeated } from "../base/repeated.ts";
import type { PartitionsWish } from "../cluster/create-partitions.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import type { CreateOptions } from "../cluster/topics.ts";
import { serve } from "./handler.ts";
import { whenOpened } from "./opened-partitions.ts";
import type { Services } from "./services.ts";

type Result = EncodableMessage<typeof createPartitionsApi.response>["results"][number];

/** The first whose clients know that their quota may be used up. */
const FIRST_STRICT_VERSION = 3;

const REPEATED: Refusal = { error: Errors.INVALID_REQUEST, message: "Duplicate topic name." };
const FORBIDDEN: Refusal = { error: Errors.TOPIC_AUTHORIZATION_FAILED, message: "" };
const TIMED_OUT: Refusal = { error: Errors.REQUEST_TIMED_OUT, message: "" };

export const createPartitions = serve(createPartitionsApi, "0-3", ["ALTER TOPIC"], async (services, request, context) => {
  const { access } = context;
  const twice = repeated(request.topics.map(({ name }) => name));
  const once = request.topics.filter(({ name }) => !twice.has(name));
  const mayAlter = ({ name }: PartitionsWish) => access.permits("ALTER TOPIC", name);
  const wishes = once.filter(mayAlter);
  const refused = [
    ...[...twice].map((name) => answer(name, REPEATED)),
    ...once.filter((wish) => !mayAlter(wish)).map(({ name }) => answer(name, FORBIDDEN)),
  ];
  // Who leaves no time is told that it is over, as by Kafka.
  if (request.timeoutMs <= 0) return { results: [...refused, ...wishes.map(({ name }) => answer(name, TIMED_OUT))] };
  const mayMutate = context.quota?.mutations(context.apiVersion >= FIRST_STRICT_VERSION ? "strict" : "permissive");
  const outcomes = await create(services, wishes, { validateOnly: request.validateOnly, mayMutate });
  await whenOpened(services, new Set(wishes.map(({ name }) => name)), request.timeoutMs);
  return { results: [...refused, ...outcomes] };
});

async function create(services: Services, wishes: readonly PartitionsWish[], options: CreateOptions): Promise<Result[]> {
  const outcomes = await services.topics.addPartitions(wishes, options);
  return wishes.map(({ name, count }, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined || isRefusal(outcome)) return answer(name, outcome);
    if (options.validateOnly !== true)
      services.logger.info({ topic: name, partitions: count, added: outcome.partitions.length }, "added partitions to a topic");
    return answer(name, undefined);
  });
}

function answer(name: string, refusal: Refusal | undefined): Result {
  return { name, errorCode: refusal?.error ?? Errors.NONE, errorMessage: refusal?.message || null };
}

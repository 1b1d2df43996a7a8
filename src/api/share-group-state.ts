// The five APIs of the state of share partitions (keys 83 to 87, KIP-932), which brokers ask each other: each share partition of a request is
// answered for itself. A request that names no group, no topic, or a topic without partitions gets an answer without results, as from Kafka.
// Version 1 of writing and of the summary tell how many records are done with (KIP-1226).

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import type { SharePartitionKey } from "../coordinator/share/share-state-persister.ts";
import type { Access } from "../security/access.ts";
import { serve } from "./handler.ts";
import { CLUSTER_UNAUTHORIZED } from "./unauthorized.ts";

interface Wish {
  readonly partition: number;
}

interface Request<Each extends Wish> {
  readonly groupId: string;
  readonly topics: readonly { readonly topicId: string; readonly partitions: readonly Each[] }[];
}

interface Result {
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

type Told<Reply extends object> = Result & Reply;

interface Response<Reply extends object> {
  readonly results: readonly { readonly topicId: string; readonly partitions: readonly Told<Reply>[] }[];
}

const NEEDS = ["CLUSTER_ACTION CLUSTER"] as const;
const NOTHING = {};
const NO_STATE = { stateEpoch: 0, startOffset: 0, stateBatches: [] };
const NO_SUMMARY = { stateEpoch: 0, leaderEpoch: 0, startOffset: 0, deliveryCompleteCount: -1 };

export const initializeShareGroupState = serve(messages.initializeShareGroupState, "0", NEEDS, (services, request, { access }) =>
  answerAll(request, access, NOTHING, async (key, wish) => done(await services.shareCoordinator.initialize(key, wish))),
);

export const readShareGroupState = serve(messages.readShareGroupState, "0", NEEDS, (services, request, { access }) =>
  answerAll(request, access, NO_STATE, async (key, { leaderEpoch }) => {
    const read = await services.shareCoordinator.read(key, leaderEpoch);
    if (isRefusal(read)) return read;
    const { batches: stateBatches, ...others } = read;
    return { ...others, stateBatches };
  }),
);

export const writeShareGroupState = serve(messages.writeShareGroupState, "0-1", NEEDS, (services, request, { access }) =>
  answerAll(request, access, NOTHING, async (key, { stateBatches: batches, ...change }) =>
    done(await services.shareCoordinator.write(key, { ...change, batches })),
  ),
);

export const deleteShareGroupState = serve(messages.deleteShareGroupState, "0", NEEDS, (services, request, { access }) =>
  answerAll(request, access, NOTHING, async (key) => done(await services.shareCoordinator.delete(key))),
);

export const readShareGroupStateSummary = serve(messages.readShareGroupStateSummary, "0-1", NEEDS, (services, request, { access }) =>
  answerAll(request, access, NO_SUMMARY, async (key) => services.shareCoordinator.readSummary(key)),
);

function done(refusal: Refusal | undefined): Refusal | typeof NOTHING {
  return refusal ?? NOTHING;
}

/** @param nothing what stands beside an error */
async function answerAll<Each extends Wish, Reply extends object>(
  { groupId, topics }: Request<Each>,
  access: Access<(typeof NEEDS)[number]>,
  nothing: Reply,
  ask: (key: SharePartitionKey, wish: Each) => Promise<Reply | Refusal>,
): Promise<Response<Reply>> {
  const isPermitted = access.permitsOnCluster("CLUSTER_ACTION CLUSTER");
  const isEmpty = groupId === "" || topics.length === 0 || topics.some(({ partitions }) => partitions.length === 0);
  if (isPermitted && isEmpty) return { results: [] };
  const answer = async (topicId: string, wish: Each): Promise<Told<Reply>> => {
    const { partition } = wish;
    const outcome = isPermitted ? await ask({ groupId, topicId, partition }, wish) : CLUSTER_UNAUTHORIZED;
    if (!isRefusal(outcome)) return { partition, errorCode: Errors.NONE, errorMessage: null, ...outcome };
    return { partition, errorCode: outcome.error, errorMessage: outcome.message, ...nothing };
  };
  const results = topics.map(async ({ topicId, partitions }) => ({
    topicId,
    partitions: await Promise.all(partitions.map((wish) => answer(topicId, wish))),
  }));
  return { results: await Promise.all(results) };
}

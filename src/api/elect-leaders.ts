// ElectLeaders (key 43, KIP-460). Asked for partitions by name, each is answered; asked for all, only those that were to change are.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { electLeaders as electLeadersApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import type { ClusterImage } from "../cluster/image.ts";
import { decideElection, ElectionTypes, type ElectionWish, type PartitionChange } from "../cluster/leader-election.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { lackingOnCluster } from "./unauthorized.ts";

type Request = DecodedMessage<typeof electLeadersApi.request>;

interface Outcome extends ElectionWish {
  readonly refusal: Refusal | undefined;
}

const FIRST_VERSION_WITH_ERROR = 1;
const TIMED_OUT: Refusal = { error: Errors.REQUEST_TIMED_OUT, message: "" };

export const electLeaders = serve(electLeadersApi, "0-2", ["ALTER CLUSTER"], async (services, request, { access, apiVersion }) => {
  const isOfAll = request.topicPartitions === null;
  const refusal = access.permitsOnCluster("ALTER CLUSTER") ? timeFault(request) : lackingOnCluster(electLeadersApi, "ALTER");
  const { outcomes, topics } = refusal === undefined ? await elect(services, request) : refused(request, refusal);
  const byTopic = Map.groupBy(outcomes, ({ topic }) => topic);
  return {
    errorCode: apiVersion >= FIRST_VERSION_WITH_ERROR ? (refusal?.error ?? electionTypeError(request, outcomes)) : Errors.NONE,
    replicaElectionResults: topics.map((topic) => ({
      topic,
      partitionResult: (byTopic.get(topic) ?? [])
        .filter(({ refusal }) => !(isOfAll && refusal?.error === Errors.ELECTION_NOT_NEEDED))
        .map(({ partition, refusal }) => ({
          partitionId: partition,
          errorCode: refusal?.error ?? Errors.NONE,
          errorMessage: refusal?.message || null,
        })),
    })),
  };
});

function timeFault({ timeoutMs }: Request): Refusal | undefined {
  return timeoutMs <= 0 ? TIMED_OUT : undefined;
}

function electionTypeError({ electionType }: Request, outcomes: readonly Outcome[]): ErrorCode {
  const isKnown = Object.values<number>(ElectionTypes).includes(electionType);
  return isKnown || outcomes.length === 0 ? Errors.NONE : Errors.INVALID_REQUEST;
}

function wishesOf(
  { electionType }: Request,
  topicPartitions: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): ElectionWish[] {
  return topicPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition, electionType })));
}

function everyPartition(image: ClusterImage): { topic: string; partitions: number[] }[] {
  return [...image.topicsByName.values()].map(({ name, partitions }) => ({ topic: name, partitions: [...partitions.keys()] }));
}

function refused(request: Request, refusal: Refusal): { outcomes: Outcome[]; topics: string[] } {
  const asked = request.topicPartitions ?? [];
  return {
    outcomes: wishesOf(request, asked).map((wish) => ({ ...wish, refusal })),
    topics: [...new Set(asked.map(({ topic }) => topic))],
  };
}

async function elect(services: Services, request: Request): Promise<{ outcomes: Outcome[]; topics: string[] }> {
  const { outcomes, topics, elected } = await services.cluster.transact((image) => {
    const asked = request.topicPartitions ?? everyPartition(image);
    const changes: PartitionChange[] = [];
    const made = wishesOf(request, asked).map((wish): Outcome => {
      const decision = decideElection(image, wish);
      if (isRefusal(decision)) return { ...wish, refusal: decision };
      changes.push(decision);
      return { ...wish, refusal: undefined };
    });
    return { changes, result: { outcomes: made, topics: [...new Set(asked.map(({ topic }) => topic))], elected: changes.length } };
  });
  if (elected > 0) services.logger.info({ partitions: elected }, "elected leaders");
  return { outcomes, topics };
}

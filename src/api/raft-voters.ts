// AddRaftVoter and RemoveRaftVoter (keys 80 and 81, KIP-853). The quorum is static, as Kafka's with kraft.version 0: what is wrong with a
// request is said first, then that voters do not change. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import { addRaftVoter as addRaftVoterApi, removeRaftVoter as removeRaftVoterApi } from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { CLUSTER_UNAUTHORIZED } from "./unauthorized.ts";

const UNAUTHORIZED = { errorCode: CLUSTER_UNAUTHORIZED.error, errorMessage: CLUSTER_UNAUTHORIZED.message };

interface VoterRequest {
  readonly clusterId: string | null;
  readonly voterId: number;
}

export const addRaftVoter = serve(addRaftVoterApi, "0-1", ["ALTER CLUSTER"], (services, request, { access }) =>
  access.permitsOnCluster("ALTER CLUSTER") ? refusal(services, request, { verb: "Add", doing: "adding" }) : UNAUTHORIZED,
);
export const removeRaftVoter = serve(removeRaftVoterApi, "0", ["ALTER CLUSTER"], (services, request, { access }) =>
  access.permitsOnCluster("ALTER CLUSTER") ? refusal(services, request, { verb: "Remove", doing: "removing" }) : UNAUTHORIZED,
);

function refusal({ cluster }: Services, { clusterId, voterId }: VoterRequest, words: { readonly verb: string; readonly doing: string }) {
  const own = cluster.image.clusterId;
  if (clusterId !== null && clusterId !== own) {
    return { errorCode: Errors.INCONSISTENT_CLUSTER_ID, errorMessage: `The given id "${clusterId}" doesn't match the cluster id "${own}"` };
  }
  if (voterId < 0) return { errorCode: Errors.INVALID_REQUEST, errorMessage: `${words.verb} voter request didn't include a valid voter` };
  return {
    errorCode: Errors.UNSUPPORTED_VERSION,
    errorMessage: `Cluster doesn't support ${words.doing} voter because the kraft.version feature is 0`,
  };
}

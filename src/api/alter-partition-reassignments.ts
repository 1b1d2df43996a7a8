// AlterPartitionReassignments (key 45, KIP-455). Moves partitions to other replicas. A move is done when it is answered, see
// cluster/reassignment.ts; so there is never one to cancel.

import { Errors } from "../../protocol/errors.ts";
import { alterPartitionReassignments as alterPartitionReassignmentsApi } from "../../protocol/messages/index.ts";
import { type Change, ImageDraft } from "../cluster/image.ts";
import { decideReassignment } from "../cluster/reassignment.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { serve } from "./handler.ts";
import { lackingOnCluster } from "./unauthorized.ts";

export const alterPartitionReassignments = serve(
  alterPartitionReassignmentsApi,
  "0-1",
  ["ALTER CLUSTER"],
  async (services, request, { access }) => {
    const { allowReplicationFactorChange } = request;
    const lacking = access.permitsOnCluster("ALTER CLUSTER") ? undefined : lackingOnCluster(alterPartitionReassignmentsApi, "ALTER");
    const { responses, moved } = await services.cluster.transact((image) => {
      const seen = new ImageDraft(image);
      const changes: Change[] = [];
      const made = request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, replicas }) => {
          if (lacking !== undefined) return answer(partitionIndex, lacking);
          const decision = decideReassignment(seen.image, {
            topic: name,
            partition: partitionIndex,
            replicas,
            mayChangeFactor: allowReplicationFactorChange,
          });
          if (decision === undefined) return answer(partitionIndex, undefined);
          if (isRefusal(decision)) return answer(partitionIndex, decision);
          seen.apply(decision);
          changes.push(decision);
          return answer(partitionIndex, undefined);
        }),
      }));
      return { changes, result: { responses: made, moved: changes.length } };
    });
    if (moved > 0) services.logger.info({ partitions: moved }, "moved partitions to other replicas");
    return { allowReplicationFactorChange, errorCode: lacking?.error ?? Errors.NONE, errorMessage: lacking?.message ?? null, responses };
  },
);

function answer(partitionIndex: number, refusal: Refusal | undefined) {
  return { partitionIndex, errorCode: refusal?.error ?? Errors.NONE, errorMessage: refusal?.message || null };
}

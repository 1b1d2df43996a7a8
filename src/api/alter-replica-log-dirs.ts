// AlterReplicaLogDirs (key 34, KIP-113). A broker has its data in one place: a replica can only be "moved" to where it is.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { alterReplicaLogDirs as alterReplicaLogDirsApi } from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

export const alterReplicaLogDirs = serve(alterReplicaLogDirsApi, "0-2", ["ALTER CLUSTER"], (services, request, { access }) => {
  const isPermitted = access.permitsOnCluster("ALTER CLUSTER");
  const own = services.logDirectory().path;
  const topics = new Map<string, { partitionIndex: number; errorCode: ErrorCode }[]>();
  for (const { path, topics: moved } of request.dirs) {
    for (const { name, partitions } of moved) {
      const results = topics.get(name) ?? [];
      topics.set(name, results);
      for (const index of partitions) {
        const fault = path === own ? replicaFault(services, name, index) : Errors.LOG_DIR_NOT_FOUND;
        results.push({ partitionIndex: index, errorCode: isPermitted ? fault : Errors.CLUSTER_AUTHORIZATION_FAILED });
      }
    }
  }
  return { results: [...topics].map(([topicName, partitions]) => ({ topicName, partitions })) };
});

function replicaFault({ brokerId, cluster }: Services, topic: string, index: number): ErrorCode {
  const partition = cluster.image.topicsByName.get(topic)?.partitions[index];
  if (partition === undefined) return Errors.UNKNOWN_TOPIC_OR_PARTITION;
  return partition.replicas.includes(brokerId) ? Errors.NONE : Errors.REPLICA_NOT_AVAILABLE;
}

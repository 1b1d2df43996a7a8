// Whether a client may have to do with the settings of a resource. Those of brokers, their loggers and client-metrics subscriptions are the cluster's.

import type { Refusal } from "../cluster/refusal.ts";
import { type ConfigResource, ConfigResources } from "./config-resource.ts";
import { CLUSTER_UNAUTHORIZED, GROUP_UNAUTHORIZED, TOPIC_UNAUTHORIZED } from "./unauthorized.ts";

export interface ConfigAccess {
  readonly onTopic: (name: string) => boolean;
  readonly onGroup: (name: string) => boolean;
  readonly onCluster: () => boolean;
}

/** `undefined` also for what is no resource that has settings. */
export function configRefusal({ resourceType, resourceName }: ConfigResource, permits: ConfigAccess): Refusal | undefined {
  switch (resourceType) {
    case ConfigResources.TOPIC:
      return permits.onTopic(resourceName) ? undefined : TOPIC_UNAUTHORIZED;
    case ConfigResources.GROUP:
      return permits.onGroup(resourceName) ? undefined : GROUP_UNAUTHORIZED;
    case ConfigResources.BROKER:
    case ConfigResources.BROKER_LOGGER:
    case ConfigResources.CLIENT_METRICS:
      return permits.onCluster() ? undefined : CLUSTER_UNAUTHORIZED;
    default:
      return undefined;
  }
}

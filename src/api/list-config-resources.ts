// ListConfigResources (key 74, KIP-1142). Names of what has settings: every topic and broker, and the groups and client-metrics
// subscriptions on which something is set. Version 0 knows subscriptions only (KIP-714).

import { Errors } from "../../protocol/errors.ts";
import { listConfigResources as listConfigResourcesApi } from "../../protocol/messages/index.ts";
import type { ClusterImage } from "../cluster/image.ts";
import type { SettingsKind } from "../cluster/settings-resource.ts";
import { ConfigResources } from "./config-resource.ts";
import { serve } from "./handler.ts";

const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = ConfigResources;
/** In Kafka's order. */
const ALL_TYPES: readonly number[] = [CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC, GROUP];

export const listConfigResources = serve(
  listConfigResourcesApi,
  "0-1",
  ["DESCRIBE_CONFIGS CLUSTER"],
  (services, request, { access, apiVersion }) => {
    if (!access.permitsOnCluster("DESCRIBE_CONFIGS CLUSTER")) {
      return { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, configResources: [] };
    }
    const wanted = apiVersion === 0 ? [CLIENT_METRICS] : request.resourceTypes;
    if (wanted.some((type) => !ALL_TYPES.includes(type))) return { errorCode: Errors.UNSUPPORTED_VERSION, configResources: [] };
    const types = ALL_TYPES.filter((type) => wanted.length === 0 || wanted.includes(type));
    const { image } = services.cluster;
    return {
      errorCode: Errors.NONE,
      configResources: types.flatMap((resourceType) =>
        namesOf(image, resourceType).map((resourceName) => ({ resourceName, resourceType })),
      ),
    };
  },
);

function namesOf(image: ClusterImage, type: number): string[] {
  if (type === TOPIC) return [...image.topicsByName.keys()];
  if (type === BROKER || type === BROKER_LOGGER) return [...image.brokers.keys()].map(String);
  return withSettings(image, type === GROUP ? "group" : "clientMetrics");
}

function withSettings(image: ClusterImage, wanted: SettingsKind): string[] {
  return [...image.settings.values()].filter(({ kind }) => kind === wanted).map(({ name }) => name);
}

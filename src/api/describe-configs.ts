// DescribeConfigs (key 32). Settings of topics, brokers, loggers, client-metrics subscriptions and groups, with where each value comes
// from. Synonyms and documentation only when asked for. Of brokers, only this one's are told; the empty name asks for what was altered
// for all brokers. No keys, or an empty list of them, ask for everything.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { describeConfigs as describeConfigsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { Slices } from "../base/slices.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { ALL_BROKERS, valuesOf } from "../cluster/settings-resource.ts";
import { topicNameFault } from "../cluster/topic-name.ts";
import {
  ConfigSources,
  type DescribedSetting,
  describeBrokerSettings,
  describeBrokersUnlisted,
  describeClientMetricsSettings,
  describeClusterSettings,
  describeGroupSettings,
  describeTopicSettings,
} from "../config/describe-config.ts";
import { type ConfigAccess, configRefusal } from "./config-access.ts";
import { type ConfigResource, ConfigResources, isWholeNumber, NO_SUCH_RESOURCE_TYPE } from "./config-resource.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof describeConfigsApi.request>;
type Result = EncodableMessage<typeof describeConfigsApi.response>["results"][number];

export const describeConfigs = serve(
  describeConfigsApi,
  "0-4",
  ["DESCRIBE_CONFIGS TOPIC", "DESCRIBE_CONFIGS CLUSTER", "DESCRIBE_CONFIGS GROUP"],
  async (services, request, { apiVersion, access }) => {
    const permits: ConfigAccess = {
      onTopic: (name) => access.permits("DESCRIBE_CONFIGS TOPIC", name),
      onGroup: (name) => access.permits("DESCRIBE_CONFIGS GROUP", name),
      onCluster: () => access.permitsOnCluster("DESCRIBE_CONFIGS CLUSTER"),
    };
    const resultOf = (resource: Request["resources"][number]): Result => {
      const found = settingsOf(services, resource, configRefusal(resource, permits));
      const head = { resourceType: resource.resourceType, resourceName: resource.resourceName };
      if ("error" in found) return { ...head, errorCode: found.error, errorMessage: found.message, configs: [] };
      const keys = new Set(resource.configurationKeys);
      const configs = found.settings.filter(({ name }) => keys.size === 0 || keys.has(name));
      return {
        ...head,
        errorCode: Errors.NONE,
        errorMessage: "",
        configs: configs.map((setting) => entry(setting, request, apiVersion)),
      };
    };
    // Whoever asks for the same again and again is told the same again and again, and it is made once.
    const known = new Map<string, Result>();
    const results = await new Slices(services.clock).map(request.resources, (resource): Result => {
      const key = JSON.stringify([resource.resourceType, resource.resourceName, resource.configurationKeys]);
      const result = known.get(key) ?? resultOf(resource);
      known.set(key, result);
      return result;
    });
    return { results };
  },
);

type Found = { readonly settings: readonly DescribedSetting[] } | { readonly error: ErrorCode; readonly message: string };

function settingsOf(services: Services, { resourceType, resourceName: name }: ConfigResource, refusal: Refusal | undefined): Found {
  if (refusal !== undefined) return refusal;
  const { config, cluster } = services;
  switch (resourceType) {
    case ConfigResources.TOPIC: {
      const fault = topicNameFault(name);
      if (fault !== undefined) return { error: Errors.INVALID_TOPIC_EXCEPTION, message: fault };
      const topic = cluster.image.topicsByName.get(name);
      if (topic === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: "" };
      return { settings: describeTopicSettings(config, topic.configs) };
    }
    case ConfigResources.BROKER:
      return brokerSettings(services, name);
    case ConfigResources.BROKER_LOGGER:
      return loggerLevels(services, name);
    case ConfigResources.CLIENT_METRICS:
      if (name === "") return refused("Client metrics subscription name must not be empty");
      return { settings: describeClientMetricsSettings(valuesOf(cluster.image.settings, "clientMetrics", name)) };
    case ConfigResources.GROUP:
      if (name === "") return refused("Group name must not be empty");
      return { settings: describeGroupSettings(config, valuesOf(cluster.image.settings, "group", name)) };
    default:
      return refused(NO_SUCH_RESOURCE_TYPE);
  }
}

function refused(message: string): Found {
  return { error: Errors.INVALID_REQUEST, message };
}

function brokerSettings({ brokerId, config, cluster }: Services, name: string): Found {
  const { settings } = cluster.image;
  const all = valuesOf(settings, "broker", ALL_BROKERS);
  if (name === ALL_BROKERS) return { settings: describeClusterSettings(all) };
  if (!isWholeNumber(name)) return refused(`Broker id must be an integer, but it is: ${name}`);
  if (Number(name) !== brokerId) return refused(`Unexpected broker id, expected ${brokerId} or empty string, but received ${name}`);
  const own = valuesOf(settings, "broker", String(brokerId));
  return { settings: [...describeBrokerSettings(config), ...describeBrokersUnlisted(config, { cluster: all, broker: own })] };
}

function loggerLevels({ brokerId, logLevels }: Services, name: string): Found {
  if (name === "") return refused("Broker id must not be empty");
  if (!isWholeNumber(name)) return refused(`Broker id must be an integer, but it is: ${name}`);
  if (Number(name) !== brokerId) return refused(`Unexpected broker id, expected ${brokerId} but received ${name}`);
  const levels = [...logLevels.all()].map(
    ([logger, level]): DescribedSetting => ({
      name: logger,
      value: level,
      source: ConfigSources.BROKER_LOGGER,
      isSensitive: false,
      isReadOnly: false,
      type: 0,
      documentation: "",
      synonyms: [],
    }),
  );
  return { settings: levels };
}

function entry(setting: DescribedSetting, request: Request, apiVersion: number): Result["configs"][number] {
  return {
    name: setting.name,
    value: setting.value,
    readOnly: setting.isReadOnly,
    isDefault: apiVersion === 0 && setting.source === ConfigSources.DEFAULT,
    configSource: setting.source,
    isSensitive: setting.isSensitive,
    synonyms: request.includeSynonyms ? setting.synonyms : [],
    configType: setting.type,
    documentation: request.includeDocumentation ? setting.documentation : null,
  };
}

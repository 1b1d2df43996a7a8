// DescribeConfigs (key 32). Settings of topics and of this broker, with where each value comes from. Synonyms and documentation only
// when asked for. Broker loggers, groups and client metrics come with their administration.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { describeConfigs as describeConfigsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { topicNameFault } from "../cluster/topic-name.ts";
import { ConfigSources, type DescribedSetting, describeBrokerSettings, describeGroupSettings, describeTopicSettings } from "../config/describe-config.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof describeConfigsApi.request>;
type Resource = Request["resources"][number];
type Result = EncodableMessage<typeof describeConfigsApi.response>["results"][number];

const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;

export const describeConfigs = serve(describeConfigsApi, "0-4", (services, request, context) => ({
  results: request.resources.map((resource): Result => {
    const found = settingsOf(services, resource);
    const head = { resourceType: resource.resourceType, resourceName: resource.resourceName };
    if ("error" in found) return { ...head, errorCode: found.error, errorMessage: found.message, configs: [] };
    const keys = resource.configurationKeys === null ? undefined : new Set(resource.configurationKeys);
    const configs = found.settings.filter(({ name }) => keys === undefined || keys.has(name));
    return { ...head, errorCode: Errors.NONE, errorMessage: "", configs: configs.map((setting) => entry(setting, request, context.apiVersion)) };
  }),
}));

type Found = { readonly settings: readonly DescribedSetting[] } | { readonly error: ErrorCode; readonly message: string };

function settingsOf(services: Services, { resourceType, resourceName }: Resource): Found {
  switch (resourceType) {
    case TOPIC: {
      const fault = topicNameFault(resourceName);
      if (fault !== undefined) return { error: Errors.INVALID_TOPIC_EXCEPTION, message: fault };
      const topic = services.cluster.image.topicsByName.get(resourceName);
      if (topic === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: "" };
      return { settings: describeTopicSettings(services.config, topic.configs) };
    }
    case BROKER:
      return brokerSettings(services, resourceName);
    case GROUP:
      if (resourceName === "") return { error: Errors.INVALID_REQUEST, message: "Group name must not be empty" };
      return { settings: describeGroupSettings(services.config) };
    default:
      return { error: Errors.INVALID_REQUEST, message: `Unsupported resource type: ${resourceType}` };
  }
}

function brokerSettings(services: Services, name: string): Found {
  // The empty name asks for the settings that hold for all brokers by default.
  if (name === "") return { settings: describeBrokerSettings(services.config).filter(({ source }) => source === ConfigSources.DYNAMIC_DEFAULT_BROKER) };
  if (!/^-?\d+$/.test(name)) return { error: Errors.INVALID_REQUEST, message: `Broker id must be an integer, but it is: ${name}` };
  if (Number(name) !== services.brokerId) {
    return { error: Errors.INVALID_REQUEST, message: `Unexpected broker id, expected ${services.brokerId} or empty string, but received ${name}` };
  }
  return { settings: describeBrokerSettings(services.config) };
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

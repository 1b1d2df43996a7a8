// A resource whose settings are altered: what is set on it now, what may be set, and the change that sets it. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import { assert } from "../base/assert.ts";
import { ownValue } from "../base/foreign-names.ts";
import type { PatternCompiler } from "../base/patterns.ts";
import { ELIGIBLE_LEADER_REPLICAS, finalizedLevel } from "../cluster/features.ts";
import type { Change, ClusterImage } from "../cluster/image.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { ALL_BROKERS, type SettingsKind, valuesOf } from "../cluster/settings-resource.ts";
import { topicNameFault } from "../cluster/topic-name.ts";
import { alteredBrokerFault, isListSetting, knownSettings } from "../config/altered-broker-settings.ts";
import { type BrokerConfig, withAltered } from "../config/broker-config.ts";
import { isBrokerSetting } from "../config/broker-settings.ts";
import { clientMetricsFault } from "../config/client-metrics-settings.ts";
import { groupLimitFault } from "../config/group-limits.ts";
import { MIN_IN_SYNC_REPLICAS, SettingError, type SettingTable, type SettingValue } from "../config/setting.ts";
import { groupSettings, topicSettings } from "../config/topic-config.ts";
import { topicSettingTable } from "../config/topic-settings.ts";
import { type ConfigResource, ConfigResources, isWholeNumber } from "./config-resource.ts";
import type { SecurityFault } from "./services.ts";

type Texts = Readonly<Record<string, string>>;

export interface SettingsTarget {
  /** What is set on the resource itself. */
  readonly current: Texts;
  /** What holds for a setting that is a list; `undefined` for others. */
  elementsOf(name: string): readonly string[] | undefined;
  fault(values: Texts): Refusal | undefined;
  change(values: Texts): Change;
}

export interface TargetQuestion {
  readonly brokerId: number;
  readonly config: BrokerConfig;
  readonly image: ClusterImage;
  /** There for who asks about a client-metrics subscription. */
  readonly compilePattern: PatternCompiler | undefined;
  readonly securityFault: SecurityFault;
}

export function settingsTarget(question: TargetQuestion, { resourceType, resourceName: name }: ConfigResource): SettingsTarget | Refusal {
  switch (resourceType) {
    case ConfigResources.TOPIC:
      return topicTarget(question, name);
    case ConfigResources.BROKER:
      return brokerTarget(question, name);
    case ConfigResources.GROUP:
      return name === "" ? invalid("Default group resources are not allowed.") : groupTarget(question, name);
    case ConfigResources.CLIENT_METRICS:
      return name === "" ? invalid("Subscription name can't be empty") : clientMetricsTarget(question, name);
    default:
      return invalid(`Unknown resource type ${resourceType}`);
  }
}

function invalid(message: string): Refusal {
  return { error: Errors.INVALID_REQUEST, message };
}

function invalidConfig(message: string): Refusal {
  return { error: Errors.INVALID_CONFIG, message };
}

/** `read` raises SettingError. */
function settingFault(read: () => string | undefined): Refusal | undefined {
  try {
    const message = read();
    return message === undefined ? undefined : invalidConfig(message);
  } catch (error) {
    if (error instanceof SettingError) return invalidConfig(error.message);
    throw error;
  }
}

function elements(value: SettingValue | undefined): readonly string[] {
  return typeof value === "object" && value !== null ? value : [];
}

function topicTarget({ config, image }: TargetQuestion, name: string): SettingsTarget | Refusal {
  if (name === "") return invalid("Default topic resources are not allowed.");
  const nameFault = topicNameFault(name);
  if (nameFault !== undefined) return { error: Errors.INVALID_TOPIC_EXCEPTION, message: nameFault };
  const topic = image.topicsByName.get(name);
  if (topic === undefined) return { error: Errors.UNKNOWN_TOPIC_OR_PARTITION, message: `The topic '${name}' does not exist.` };
  const table: SettingTable = topicSettingTable;
  return {
    current: topic.configs,
    elementsOf: (setting) => {
      if (ownValue(table, setting)?.type !== "LIST") return undefined;
      return elements(new Map<string, SettingValue>(Object.entries(topicSettings(config, topic.configs))).get(setting));
    },
    fault: (values) => settingFault(() => void topicSettings(config, values)),
    change: (configs) => ({ type: "topicConfigs", id: topic.id, configs }),
  };
}

function brokerTarget(question: TargetQuestion, name: string): SettingsTarget | Refusal {
  const { brokerId, config, image } = question;
  const level = name === ALL_BROKERS ? "cluster" : "broker";
  if (level === "broker" && !isWholeNumber(name)) return invalid(`Node id must be an integer, but it is: ${name}`);
  if (level === "broker" && Number(name) !== brokerId) return invalid(`Unexpected broker id, expected ${brokerId}, but received ${name}`);
  const own = level === "cluster" ? ALL_BROKERS : String(brokerId);
  const current = valuesOf(image.settings, "broker", own);
  return {
    current,
    elementsOf: (setting) => {
      if (!isListSetting(setting) || !isBrokerSetting(setting)) return undefined;
      return current[setting] === undefined ? elements(config[setting]) : current[setting].split(",").filter((element) => element !== "");
    },
    fault: (values) => {
      const message = alteredBrokerFault({ config, values, level }) ?? (level === "broker" ? securedFault(question, values) : undefined);
      return message === undefined ? minInSyncFault(image, level, current, values) : invalid(message);
    },
    change: (values) => settingsChange("broker", own, values),
  };
}

/** Key stores, trust stores and JAAS lines that the listeners cannot use. */
function securedFault({ config, securityFault }: TargetQuestion, values: Texts): string | undefined {
  return securityFault(withAltered(config, { cluster: {}, broker: knownSettings(values) }));
}

/** With eligible leader replicas (KIP-966) all brokers must agree on it. */
function minInSyncFault(image: ClusterImage, level: "broker" | "cluster", current: Texts, values: Texts): Refusal | undefined {
  if (finalizedLevel(image.features, ELIGIBLE_LEADER_REPLICAS) === 0) return undefined;
  const name = MIN_IN_SYNC_REPLICAS;
  if (level === "broker" && values[name] !== current[name])
    return invalidConfig(`Broker-level ${name} cannot be altered while ELR is enabled.`);
  if (level === "cluster" && values[name] === undefined)
    return invalidConfig(`Cluster-level ${name} cannot be removed while ELR is enabled.`);
  return undefined;
}

function groupTarget({ config, image }: TargetQuestion, name: string): SettingsTarget {
  return {
    current: valuesOf(image.settings, "group", name),
    elementsOf: () => undefined,
    fault: (values) => settingFault(() => groupLimitFault(config, groupSettings(config, values))),
    change: (values) => settingsChange("group", name, values),
  };
}

function clientMetricsTarget({ image, compilePattern }: TargetQuestion, name: string): SettingsTarget {
  assert(compilePattern !== undefined, "patterns can be looked at");
  return {
    current: valuesOf(image.settings, "clientMetrics", name),
    // Kafka does not take them for lists here.
    elementsOf: () => undefined,
    fault: (values) => {
      const fault = clientMetricsFault(values, compilePattern);
      if (fault === undefined) return undefined;
      return fault.isRequest ? invalid(fault.message) : invalidConfig(fault.message);
    },
    change: (values) => settingsChange("clientMetrics", name, values),
  };
}

function settingsChange(kind: SettingsKind, name: string, values: Texts): Change {
  return { type: "settings", kind, name, values };
}

// Settings of the resources of a cluster: read with where each value comes from, and altered one key at a time.

import { describeConfigs } from "../../../protocol/messages/32-describe-configs.ts";
import { incrementalAlterConfigs } from "../../../protocol/messages/44-incremental-alter-configs.ts";
import { listConfigResources } from "../../../protocol/messages/74-list-config-resources.ts";
import type { Brokers } from "../brokers.ts";
import type { Connection } from "../connection.ts";
import { failOn, present } from "../refusal.ts";

export const ResourceType = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const;
export type ResourceType = (typeof ResourceType)[keyof typeof ResourceType];

export const ConfigSource = {
  TOPIC: 1,
  BROKER: 2,
  BROKER_DEFAULT: 3,
  STATIC: 4,
  DEFAULT: 5,
  BROKER_LOGGER: 6,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const;

export const ConfigOperation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;
export type ConfigOperation = (typeof ConfigOperation)[keyof typeof ConfigOperation];

export interface Resource {
  readonly type: ResourceType;
  /** "" for the defaults of all brokers. */
  readonly name: string;
}

export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
  readonly isSensitive: boolean;
  readonly isReadOnly: boolean;
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
}

export interface ConfigChange {
  readonly name: string;
  readonly operation: ConfigOperation;
  readonly value: string | null;
}

/** The settings of one resource, in the broker's order. */
export async function describeResource(brokers: Brokers, resource: Resource): Promise<ConfigEntry[]> {
  const connection = await connectionFor(brokers, resource);
  const answer = await connection.send(describeConfigs, 4, {
    resources: [{ resourceType: resource.type, resourceName: resource.name, configurationKeys: null }],
    includeSynonyms: true,
    includeDocumentation: false,
  });
  const result = present(answer.results[0], resource.name);
  failOn(result.errorCode, resource.name, result.errorMessage);
  return result.configs.map(({ name, value, configSource, isSensitive, readOnly, synonyms }) => ({
    name,
    value,
    source: configSource,
    isSensitive,
    isReadOnly: readOnly,
    synonyms: synonyms.map((synonym) => ({ name: synonym.name, value: synonym.value, source: synonym.source })),
  }));
}

export async function alterResource(brokers: Brokers, resource: Resource, changes: readonly ConfigChange[]): Promise<void> {
  const connection = await connectionFor(brokers, resource);
  const configs = changes.map(({ name, operation, value }) => ({ name, configOperation: operation, value }));
  const answer = await connection.send(incrementalAlterConfigs, 1, {
    resources: [{ resourceType: resource.type, resourceName: resource.name, configs }],
    validateOnly: false,
  });
  const result = present(answer.responses[0], resource.name);
  failOn(result.errorCode, resource.name, result.errorMessage);
}

/** The names of all resources of a type that have settings of their own. */
export async function listResources(brokers: Brokers, type: ResourceType): Promise<string[]> {
  const connection = await brokers.any();
  const answer = await connection.send(listConfigResources, 1, { resourceTypes: [type] });
  failOn(answer.errorCode, "resources");
  return answer.configResources.filter(({ resourceType }) => resourceType === type).map(({ resourceName }) => resourceName);
}

/** A broker knows its own settings only. */
async function connectionFor(brokers: Brokers, { type, name }: Resource): Promise<Connection> {
  const isOfBroker = (type === ResourceType.BROKER || type === ResourceType.BROKER_LOGGER) && name !== "";
  return isOfBroker ? brokers.byId(Number(name)) : brokers.any();
}

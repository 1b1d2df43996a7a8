// IncrementalAlterConfigs (key 44, KIP-339). Sets and deletes single settings, appends to lists and subtracts from them. Levels of
// loggers (KIP-412) are changed here only; they are this broker's own and do not outlive it.

import { Errors } from "../../protocol/errors.ts";
import { incrementalAlterConfigs as incrementalAlterConfigsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { emptyRecord } from "../base/foreign-names.ts";
import { isLoggerLevel, ROOT_LOGGER } from "../base/log-levels.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { ALTER_NEEDS, type AlterWish, alterAccess, alterAnswer, alterSettings, refusedResources, wishFault } from "./alter-settings.ts";
import { ConfigResources, isWholeNumber } from "./config-resource.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";
import type { SettingsTarget } from "./settings-target.ts";
import { CLUSTER_UNAUTHORIZED } from "./unauthorized.ts";

type Resource = DecodedMessage<typeof incrementalAlterConfigsApi.request>["resources"][number];
type Operation = Resource["configs"][number];

/** Codes on the wire. */
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

export const incrementalAlterConfigs = serve(
  incrementalAlterConfigsApi,
  "0-1",
  ALTER_NEEDS,
  async (services, { resources, validateOnly }, { access }) => {
    const permits = alterAccess(access);
    const refused = refusedResources(resources, permits);
    const isLogger = ({ resourceType }: Resource) => resourceType === ConfigResources.BROKER_LOGGER;
    const left = resources.filter((resource) => !refused.has(resource));
    const answers = await alterSettings(services, left.filter((resource) => !isLogger(resource)).map(wishOf), validateOnly);
    const loggers = left
      .filter(isLogger)
      .map((resource) =>
        permits.onCluster()
          ? alterAnswer(resource, alterLoggers(services, resource, validateOnly))
          : { ...alterAnswer(resource, CLUSTER_UNAUTHORIZED), errorMessage: null },
      );
    return { responses: [...Array.from(refused, ([resource, refusal]) => alterAnswer(resource, refusal)), ...answers, ...loggers] };
  },
);

function wishOf(resource: Resource): AlterWish {
  const nullNames = resource.configs
    .filter(({ configOperation, value }) => configOperation !== DELETE && value === null)
    .map(({ name }) => name);
  return { ...resource, nullNames, newValues: (target) => operated(target, resource.configs) };
}

function operated(target: SettingsTarget, operations: readonly Operation[]): Record<string, string> | Refusal {
  const values = Object.assign(emptyRecord<string>(), target.current);
  for (const { name, configOperation, value } of operations) {
    if (configOperation === DELETE) {
      delete values[name];
    } else if (configOperation === SET) {
      values[name] = value ?? "";
    } else if (configOperation === APPEND || configOperation === SUBTRACT) {
      const word = configOperation === APPEND ? "APPEND" : "SUBTRACT";
      const elements = target.elementsOf(name);
      if (elements === undefined)
        return { error: Errors.INVALID_CONFIG, message: `Can't ${word} to key ${name} because its type is not LIST.` };
      values[name] = changedList(elements, value ?? "", configOperation).join(",");
    } else {
      return { error: Errors.INVALID_REQUEST, message: `Unknown operations type ${configOperation}` };
    }
  }
  return values;
}

/** Appending keeps the order and adds what is not there yet. */
function changedList(elements: readonly string[], text: string, operation: typeof APPEND | typeof SUBTRACT): readonly string[] {
  const given = new Set(text.split(",").map((element) => element.trim()));
  if (operation === SUBTRACT) return elements.filter((element) => !given.has(element));
  return [...new Set([...elements, ...given])];
}

/** Kafka's list, in its order. */
const LEVELS = "DEBUG, ERROR, FATAL, INFO, TRACE, WARN";

function alterLoggers(services: Services, resource: Resource, validateOnly: boolean): Refusal | undefined {
  const fault = loggersFault(services, resource);
  if (fault !== undefined || validateOnly) return fault;
  for (const { name, configOperation, value } of resource.configs) {
    const level = configOperation === SET && value !== null && isLoggerLevel(value) ? value : undefined;
    services.logLevels.set(name, level);
    services.logger.info({ logger: name, level: level ?? null }, "changed the level of a logger");
  }
  return undefined;
}

function loggersFault({ brokerId, logLevels }: Services, resource: Resource): Refusal | undefined {
  const { resourceName } = resource;
  const invalid = (message: string): Refusal => ({ error: Errors.INVALID_REQUEST, message });
  const invalidConfig = (message: string): Refusal => ({ error: Errors.INVALID_CONFIG, message });
  if (!isWholeNumber(resourceName)) return invalid(`Node id must be an integer, but it is: ${resourceName}`);
  if (Number(resourceName) !== brokerId) return invalid(`Unexpected node id. Expected ${brokerId}, but received ${resourceName}`);
  const fault = wishFault(wishOf(resource));
  if (fault !== undefined) return fault;
  for (const { name, configOperation, value } of resource.configs) {
    if (configOperation === APPEND || configOperation === SUBTRACT) {
      return invalid(`${configOperation === APPEND ? "APPEND" : "SUBTRACT"} operation is not allowed for the BROKER_LOGGER resource`);
    }
    if (configOperation !== SET && configOperation !== DELETE) return invalid(`Unknown operations type ${configOperation}`);
    if (!logLevels.has(name)) return invalidConfig(`Logger ${name} does not exist!`);
    if (configOperation === DELETE && name === ROOT_LOGGER) return invalid("Removing the log level of the root logger is not allowed");
    if (configOperation === SET && !isLoggerLevel(value ?? "")) {
      return invalidConfig(
        `Cannot set the log level of ${name} to ${value} as it is not a supported log level. Valid log levels are ${LEVELS}`,
      );
    }
  }
  return undefined;
}

// Which protocols of groups a broker serves, and the assignors of its coordinator: by their names, or by Kafka's classes. A class of
// somebody else's is not loaded.

import type { BrokerSettingValues } from "./broker-settings.ts";

/** Of groups (KIP-848), by the broker's settings alone; the cluster's feature group.version has a say too. */
export function servesConsumerProtocol(config: BrokerSettingValues): boolean {
  return config["group.coordinator.rebalance.protocols"].includes("consumer");
}

/** Streams groups (KIP-1071); the cluster's feature streams.version has a say too. */
export function servesStreamsProtocol(config: BrokerSettingValues): boolean {
  return config["group.coordinator.rebalance.protocols"].includes("streams");
}

export const assignorNames = ["uniform", "range"] as const;
export type AssignorName = (typeof assignorNames)[number];

const CLASSES: ReadonlyMap<string, AssignorName> = new Map([
  ["org.apache.kafka.coordinator.group.assignor.UniformAssignor", "uniform"],
  ["org.apache.kafka.coordinator.group.assignor.RangeAssignor", "range"],
]);

/** Each once, in their order; what is not known is passed over. */
export function listedAssignors(listed: readonly string[]): readonly AssignorName[] {
  return [...new Set(listed.flatMap((element) => assignorNamed(element) ?? []))];
}

/** The assignor of share groups, which are given no other. */
const SHARE_ASSIGNORS = ["simple", "org.apache.kafka.coordinator.group.assignor.SimpleAssignor"];

type AssignorsSetting = "group.consumer.assignors" | "group.share.assignors";

/** Begins as Kafka's words do. */
export function assignorsFault(setting: AssignorsSetting, listed: readonly string[]): string | undefined {
  const isOfShares = setting === "group.share.assignors";
  const unknown = listed.find((element) => (isOfShares ? !SHARE_ASSIGNORS.includes(element) : assignorNamed(element) === undefined));
  const names = isOfShares ? "simple" : assignorNames.join(" and ");
  return unknown === undefined ? undefined : `Class ${unknown} cannot be found: ${setting} lists ${names}.`;
}

function assignorNamed(element: string): AssignorName | undefined {
  return assignorNames.find((name) => name === element) ?? CLASSES.get(element);
}

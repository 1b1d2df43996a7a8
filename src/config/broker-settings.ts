// Every setting of a broker by Kafka's name, put together from the subjects' tables.

import { clusterSettings } from "./broker/cluster.ts";
import { disklessSettings } from "./broker/diskless.ts";
import { groupsSettings } from "./broker/groups.ts";
import { logSettings } from "./broker/log.ts";
import { networkSettings } from "./broker/network.ts";
import { odradekSettings } from "./broker/odradek.ts";
import { quotasAndMetricsSettings } from "./broker/quotas-and-metrics.ts";
import { replicationSettings } from "./broker/replication.ts";
import { securitySettings } from "./broker/security.ts";
import { shareGroupsSettings } from "./broker/share-groups.ts";
import { tieredStorageSettings } from "./broker/tiered-storage.ts";
import { tlsSettings } from "./broker/tls.ts";
import { topicsSettings } from "./broker/topics.ts";
import { transactionsSettings } from "./broker/transactions.ts";
import type { ValuesOf } from "./setting.ts";

export const brokerSettingTable = {
  ...clusterSettings,
  ...networkSettings,
  ...topicsSettings,
  ...logSettings,
  ...groupsSettings,
  ...shareGroupsSettings,
  ...transactionsSettings,
  ...replicationSettings,
  ...quotasAndMetricsSettings,
  ...securitySettings,
  ...tlsSettings,
  ...tieredStorageSettings,
  ...disklessSettings,
  ...odradekSettings,
};

export type BrokerSettingName = keyof typeof brokerSettingTable;
export type BrokerSettingValues = ValuesOf<typeof brokerSettingTable>;

export function isBrokerSetting(name: string): name is BrokerSettingName {
  return Object.hasOwn(brokerSettingTable, name);
}

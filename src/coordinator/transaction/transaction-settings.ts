// The settings that transactions obey, by Kafka's names.

import type { BrokerSettingValues } from "../../config/broker-settings.ts";

export type TransactionSettings = Pick<
  BrokerSettingValues,
  | "request.timeout.ms"
  | "transaction.abort.timed.out.transaction.cleanup.interval.ms"
  | "transaction.max.timeout.ms"
  | "transaction.remove.expired.transaction.cleanup.interval.ms"
  | "transaction.state.log.num.partitions"
  | "transaction.two.phase.commit.enable"
  | "transactional.id.expiration.ms"
>;

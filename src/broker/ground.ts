// What every part of a broker stands on: its settings, time, chance, and a logger for each component.

import type { Clock } from "../base/clock.ts";
import { LogLevels } from "../base/log-levels.ts";
import { silentLogger } from "../base/logger.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { systemClock } from "../base/system-clock.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { KAFKA_LOGGERS } from "../config/kafka-loggers.ts";
import { LiveConfig } from "../config/live-config.ts";
import type { BrokerOptions } from "./broker-options.ts";

export interface Ground {
  readonly options: BrokerOptions;
  readonly brokerId: number;
  readonly live: LiveConfig;
  /** The values of `live`: they change when they are altered. */
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logLevels: LogLevels;
  readonly threadCount: number;
}

export function groundOf(options: BrokerOptions): Ground {
  const { clock = systemClock, random = systemRandom, threadCount = 1 } = options;
  const live = new LiveConfig(options.config);
  const logLevels = new LogLevels(options.logger ?? silentLogger, KAFKA_LOGGERS);
  return { options, brokerId: live.values["node.id"], live, config: live.values, clock, random, logLevels, threadCount };
}

// What every part of a broker stands on: its settings, time, chance, and a logger for each component.

import type { Clock } from "../base/clock.ts";
import { LogLevels } from "../base/log-levels.ts";
import { silentLogger } from "../base/logger.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { systemClock } from "../base/system-clock.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { KAFKA_LOGGERS } from "../config/kafka-loggers.ts";
import { LiveConfig } from "../config/live-config.ts";
import { TokenSecrets } from "../security/token-secrets.ts";
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
  /** `undefined` without the setting delegation.token.secret.key: there are no delegation tokens. */
  readonly tokenSecrets: TokenSecrets | undefined;
}

export function groundOf(options: BrokerOptions): Ground {
  const { clock = systemClock, random = systemRandom, threadCount = 1 } = options;
  const live = new LiveConfig(options.config);
  const logLevels = new LogLevels(options.logger ?? silentLogger, KAFKA_LOGGERS);
  const config = live.values;
  // The empty text is no secret.
  const secretKey = config["delegation.token.secret.key"] || undefined;
  const tokenSecrets = secretKey === undefined ? undefined : new TokenSecrets(secretKey, () => random.uuid());
  return { options, brokerId: config["node.id"], live, config, clock, random, logLevels, threadCount, tokenSecrets };
}

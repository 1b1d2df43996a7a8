// What the listeners of a broker share, for tests of one alone.

import { AnswerMemory } from "../../src/api/answer-memory.ts";
import type { Clock } from "../../src/base/clock.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { ConnectionLimits } from "../../src/quota/connection-limits.ts";
import { RequestMemory } from "../../src/server/request-memory.ts";
import { Turns } from "../../src/server/turns.ts";

const MOST_ANSWER_BYTES = 128 * 1024 * 1024;

export function listenerParts(clock: Clock = systemClock, settings: SettingInputs = {}) {
  return {
    clock,
    limits: new ConnectionLimits({
      config: brokerConfig({ argument: settings }),
      clock,
      lookUp: (host) => Promise.reject(new Error(`nobody knows ${host}`)),
      hostFailed: () => undefined,
    }),
    turns: new Turns(clock),
    answerMemory: new AnswerMemory({ clock, limitBytes: () => MOST_ANSWER_BYTES }),
    requestMemory: new RequestMemory(() => -1, clock),
  };
}

import { expect, test } from "vitest";
import { LogLevels } from "../../src/base/log-levels.ts";
import type { Logger } from "../../src/base/logger.ts";

function recording(isDebugging: boolean) {
  const lines: string[] = [];
  const line = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`);
  const logger: Logger = {
    error: line("error"),
    warn: line("warn"),
    info: line("info"),
    debug: line("debug"),
    isDebugging,
    child: () => logger,
  };
  return { lines, logger };
}

test("a component's level is changed while it logs, and given back to the root's", () => {
  const { lines, logger } = recording(true);
  const levels = new LogLevels({ ...logger, unfiltered: { logger, level: "info" } });
  const api = levels.logger("api").child({ connection: 1 });
  const log = levels.logger("log");
  api.debug({}, "dropped");
  levels.set("api", "DEBUG");
  expect([api.isDebugging, log.isDebugging]).toEqual([true, false]);
  api.debug({}, "kept");
  log.debug({}, "dropped");
  levels.set("root", "ERROR");
  api.info({}, "kept too");
  log.warn({}, "dropped");
  levels.set("api", undefined);
  api.warn({}, "dropped");
  api.error({}, "kept still");
  expect(lines).toEqual(["debug kept", "info kept too", "error kept still"]);
  expect(Object.fromEntries(levels.all())).toEqual({ root: "ERROR", api: "ERROR", log: "ERROR" });
});

test("a logger that insists on its own level is not asked for more", () => {
  const levels = new LogLevels(recording(false).logger);
  levels.logger("api");
  levels.set("api", "DEBUG");
  expect(levels.logger("api").isDebugging).toBe(false);
});

test("a component says what any of its names is set to say", () => {
  const { lines, logger } = recording(true);
  const names = new Map([
    ["kafka.request.logger", "api"],
    ["kafka.server.KafkaApis", "api"],
    ["kafka.log.LogManager", "log"],
    ["kafka.utils.Nothing", undefined],
  ]);
  const levels = new LogLevels({ ...logger, unfiltered: { logger, level: "info" } }, names);
  const api = levels.logger("api");
  levels.set("kafka.request.logger", "DEBUG");
  levels.set("kafka.server.KafkaApis", "ERROR");
  levels.set("kafka.utils.Nothing", "DEBUG");
  levels.set("kafka.log.LogManager", "DEBUG");
  api.debug({}, "kept");
  levels.set("kafka.request.logger", undefined);
  api.info({}, "dropped");
  levels.set("kafka.server.KafkaApis", undefined);
  api.info({}, "kept too");
  expect(lines).toEqual(["debug kept", "info kept too"]);
  expect(levels.all().get("kafka.log.LogManager")).toBe("DEBUG");
  expect(levels.has("kafka.log")).toBe(false);
  // The component begins to log only then.
  expect(levels.logger("log").isDebugging).toBe(true);
});

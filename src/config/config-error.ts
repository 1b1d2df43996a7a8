// What is wrong with a setting, in Kafka's words where Kafka has them: clients see the message with INVALID_CONFIG, and the
// command line prints it with the place that the value came from.

export type ConfigErrorCode = "UNKNOWN_SETTING" | "INVALID_VALUE" | "CONFLICT" | "MALFORMED_FILE";

export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  /** The setting's name, or empty where no single one is to blame. */
  readonly setting: string;

  constructor(code: ConfigErrorCode, setting: string, message: string) {
    super(message);
    this.name = "ConfigError";
    this.code = code;
    this.setting = setting;
  }
}

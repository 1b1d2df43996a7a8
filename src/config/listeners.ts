// The addresses in `listeners` and `advertised.listeners`: NAME://host:port, separated by commas. An empty host means every interface.

import { SettingError } from "./setting.ts";

export interface ListenerAddress {
  readonly name: string;
  /** Empty: every interface. */
  readonly host: string;
  readonly port: number;
}

export function parseListeners(setting: "listeners" | "advertised.listeners", values: readonly string[]): ListenerAddress[] {
  return values.map((text) => {
    const match = /^([A-Za-z0-9_]+):\/\/(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text.trim());
    if (match === null) throw new SettingError("INVALID_VALUE", setting, `${setting}: "${text}" is not of the form NAME://host:port`);
    return { name: (match[1] ?? "").toUpperCase(), host: match[2] ?? match[3] ?? "", port: Number(match[4]) };
  });
}

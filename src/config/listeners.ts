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
    const match = /^([\w.-]+):\/\/(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text.trim());
    if (match === null) throw new SettingError("INVALID_VALUE", setting, `${setting}: "${text}" is not of the form NAME://host:port`);
    return { name: (match[1] ?? "").toUpperCase(), host: match[2] ?? match[3] ?? "", port: Number(match[4]) };
  });
}

/** What a listener speaks, by listener.security.protocol.map; without an entry there, its name says it. */
export function securityProtocolOf(map: string, listener: string): string {
  for (const pair of map.split(",")) {
    const [name, protocol] = pair.split(":");
    if (name?.trim().toUpperCase() === listener.toUpperCase() && protocol !== undefined) return protocol.trim().toUpperCase();
  }
  return listener.toUpperCase();
}

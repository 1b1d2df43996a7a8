// The addresses in `listeners` and `advertised.listeners`: NAME://host:port, separated by commas. An empty host means every interface.

import { isIP, isIPv6 } from "node:net";
import { SettingError } from "./setting.ts";

export interface ListenerAddress {
  readonly name: string;
  /** Empty: every interface. */
  readonly host: string;
  readonly port: number;
}

export type ListenerSetting = "listeners" | "advertised.listeners";

const MOST_PORT = 65_535;
const ADDRESS = /^([\w.-]+):\/\/(?:\[([0-9a-zA-Z%.:_-]*)\]|([0-9a-zA-Z%._-]*)):(\d+)$/;

/** Raises INVALID_VALUE for what is none. */
export function parseListeners(setting: ListenerSetting, values: readonly string[]): ListenerAddress[] {
  return values.map((text) => {
    const match = ADDRESS.exec(text.trim());
    if (match === null) throw new SettingError("INVALID_VALUE", setting, `${setting}: "${text}" is not of the form NAME://host:port`);
    const port = Number(match[4]);
    if (port > MOST_PORT) throw new SettingError("INVALID_VALUE", setting, `${setting}: "${text}" has no port from 0 to ${MOST_PORT}`);
    return { name: (match[1] ?? "").toUpperCase(), host: match[2] ?? match[3] ?? "", port };
  });
}

export function printListeners(addresses: readonly ListenerAddress[]): string {
  return addresses.map(({ name, host, port }) => `${name}://${hostInUrl(host)}:${port}`).join(",");
}

export function hostInUrl(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** Whether a host can stand in an address: a name, or an IP address of either family. */
export function isHost(host: string): boolean {
  return isIPv6(host.replace(/^\[(.*)\]$/, "$1")) || /^[0-9a-zA-Z%._-]+$/.test(host);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** What a listener speaks, by listener.security.protocol.map; without an entry there, its name says it. */
export function securityProtocolOf(map: string, listener: string): string {
  for (const pair of map.split(",")) {
    const [name, protocol] = pair.split(":");
    if (name?.trim().toUpperCase() === listener.toUpperCase() && protocol !== undefined) return protocol.trim().toUpperCase();
  }
  return listener.toUpperCase();
}

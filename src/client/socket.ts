// A socket to a broker, plain or over TLS. What is written before it is connected, and the handshake done, waits for that.

import { connect, isIP, type Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { nodeTls } from "../base/node-tls.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** On what terms a client speaks TLS. */
export interface ClientTls {
  /** What it trusts and what it shows of itself, versions and cipher suites. */
  readonly context: SecureContextOptions;
  /**
   * What must be right of the broker's certificate: signed by somebody trusted and made out to the host that was asked for, the first alone,
   * or nothing: then the caller finds out by itself who is at the other end.
   */
  readonly checks: "host" | "trust" | "nothing";
}

export function hostAndPort({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Tells that it is there by "connect", over TLS by "secureConnect"; see `openingEvent`. */
export function socketTo({ host, port }: Address, tls: ClientTls | undefined): Socket {
  if (tls === undefined) return connect({ host, port, noDelay: true });
  const { context, checks } = tls;
  const socket = nodeTls().connect({
    ...context,
    host,
    port,
    // A name that is an address is not asked for: there is no such thing in TLS.
    servername: isIP(host) === 0 ? host : "",
    rejectUnauthorized: checks !== "nothing",
    ...(checks === "host" ? {} : { checkServerIdentity: () => undefined }),
  });
  socket.setNoDelay(true);
  return socket;
}

export function openingEvent(tls: ClientTls | undefined): "connect" | "secureConnect" {
  return tls === undefined ? "connect" : "secureConnect";
}

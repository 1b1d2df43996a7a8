// A socket of a load generator, plain or over TLS. Whom it meets is not verified: what is measured is the broker.

import net from "node:net";
import tls from "node:tls";

export interface Address {
  readonly host: string;
  readonly port: number;
  /** Default false. */
  readonly isTls?: boolean;
}

/** `opened` is called once requests can be sent. */
export function openSocket({ host, port, isTls }: Address, onread: net.OnReadOpts, opened: () => void): net.Socket {
  const options = { host, port, noDelay: true, onread };
  return isTls === true ? tls.connect({ ...options, rejectUnauthorized: false }, opened) : net.connect(options, opened);
}

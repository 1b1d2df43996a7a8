// By which address other machines reach this one: that which it has in the network in which it reaches the database. Asked of the system's
// routes; nothing is sent.

import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isLoopback } from "../config/listeners.ts";

/** Any: no packet goes there. */
const PORT = 9;

/** `undefined` where that is this machine itself, or no way leads there: then nobody comes from elsewhere. @param host "" for a local socket */
export async function addressTowards(host: string): Promise<string | undefined> {
  if (host === "" || isLoopback(host)) return undefined;
  try {
    const { address, family } = await lookup(host);
    const own = await ownAddress(address, family);
    return isLoopback(own) ? undefined : own;
  } catch {
    return undefined;
  }
}

async function ownAddress(address: string, family: number): Promise<string> {
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(PORT, address, () => resolve(socket.address().address));
    });
  } finally {
    socket.close();
  }
}

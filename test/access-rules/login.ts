// A client of bare frames that has logged in, with its name for a password.

import { saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import { RawClient } from "../support/raw-client.ts";

export async function logIn(port: number, user: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  const handshake = await client.call(saslHandshake, 1, { mechanism: "PLAIN" });
  const answer = await client.call(saslAuthenticate, 2, { authBytes: Buffer.from(`\0${user}\0${user}`) });
  if (handshake?.errorCode !== 0 || answer?.errorCode !== 0) throw new Error(`${user} cannot log in on port ${port}`);
  return client;
}

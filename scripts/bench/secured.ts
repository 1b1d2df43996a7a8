// Listeners that speak TLS or ask for a login, set alike for Odradek and Kafka: the certificates are those of the tests, and everybody logs in
// as one user, whom PLAIN knows by a JAAS line and SCRAM once it has been told.

import { pbkdf2Sync } from "node:crypto";
import { join } from "node:path";
import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import type { Contender, LaunchOptions, ListenerProtocol } from "./contender.ts";
import { checkCode } from "./frame-socket.ts";

export const USER = "alice";
export const PASSWORD = "alice-secret";
export const ITERATIONS = 4096;
/** Of AlterUserScramCredentials. */
const SCRAM_SHA_256 = 1;

const STORE = join(import.meta.dirname, "../../test/security/certificates/broker-renewed.p12");
const MODULES = "org.apache.kafka.common.security";

export const TLS_SETTINGS: Readonly<Record<string, string>> = {
  "ssl.keystore.type": "PKCS12",
  "ssl.keystore.location": STORE,
  "ssl.keystore.password": "secret",
  "ssl.key.password": "secret",
};

/** With a listener of each of these protocols, which is called by its name. */
export function securedBy(...protocols: readonly ListenerProtocol[]): Required<Pick<LaunchOptions, "listeners" | "settings">> {
  const settings: Record<string, string> = { ...TLS_SETTINGS, "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256" };
  for (const protocol of protocols.filter((each) => each.startsWith("SASL"))) {
    const prefix = `listener.name.${protocol.toLowerCase()}`;
    settings[`${prefix}.plain.sasl.jaas.config`] = `${MODULES}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`;
    settings[`${prefix}.scram-sha-256.sasl.jaas.config`] = `${MODULES}.scram.ScramLoginModule required;`;
  }
  return { listeners: Object.fromEntries(protocols.map((protocol) => [protocol, protocol])), settings };
}

/** The user may log in by SCRAM-SHA-256 from then on. */
export async function makeScramUser({ host, port }: Contender): Promise<void> {
  const client = await RawClient.connect(port, host);
  try {
    const salt = Buffer.from("salt of a bench");
    const saltedPassword = pbkdf2Sync(PASSWORD, salt, ITERATIONS, 32, "sha256");
    const upsertions = [{ name: USER, mechanism: SCRAM_SHA_256, iterations: ITERATIONS, salt, saltedPassword }];
    const made = await client.call(messages.alterUserScramCredentials, 0, { deletions: [], upsertions });
    checkCode("AlterUserScramCredentials", made?.results[0]?.errorCode);
  } finally {
    client.close();
  }
}

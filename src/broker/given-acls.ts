// The access rules that a start is given (`odradek.acls`): made where they are not there yet, and kept like any other.

import type { Logger } from "../base/logger.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Change } from "../cluster/image.ts";
import { type BrokerConfig, placeOf } from "../config/broker-config.ts";
import { clientListeners, saslListeners, tlsListeners } from "../config/listener-rules.ts";
import { SettingError } from "../config/setting.ts";
import { MalformedAcl, parseAcls } from "../security/acl-notation.ts";
import { type Acl, aclKey } from "../security/acls.ts";
import { ANONYMOUS } from "../security/principal.ts";
import { ListenerTlsSettings } from "../security/tls-settings.ts";

const EVERYBODY = "User:*";

/** Throws SettingError. */
export function givenAcls(config: BrokerConfig): readonly Acl[] {
  const name = "odradek.acls";
  const text = config[name];
  if (text === null) return [];
  try {
    return parseAcls(text);
  } catch (error) {
    if (!(error instanceof MalformedAcl)) throw error;
    throw new SettingError("INVALID_VALUE", name, `${name}: ${error.message}`, placeOf(config, name));
  }
}

/** Makes those that are missing. Throws SettingError. */
export async function ensureAcls(cluster: Cluster, config: BrokerConfig, logger: Logger): Promise<void> {
  const given = givenAcls(config);
  if (given.length === 0) return;
  await cluster.transact(({ acls }) => {
    const missing = given.filter((acl) => !acls.has(aclKey(acl)));
    return { changes: missing.map((acl): Change => ({ type: "acl", ...acl })), result: undefined };
  });
  const principals = [...new Set(given.map(({ principal }) => principal))].filter((each) => each !== ANONYMOUS && each !== EVERYBODY);
  if (principals.length === 0 || asksWhoClientsAre(config)) return;
  logger.warn(
    { principals, everybodyIs: ANONYMOUS },
    "access rules are about users, and no listener asks clients who they are; name users (--user)",
  );
}

function asksWhoClientsAre(config: BrokerConfig): boolean {
  if (saslListeners(config).length > 0) return true;
  const secured = new Set(tlsListeners(config));
  return clientListeners(config).some(
    ({ name }) => secured.has(name) && new ListenerTlsSettings(config, name).get("ssl.client.auth") !== "none",
  );
}

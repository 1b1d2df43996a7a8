// Access rules in force: by the rules of the cluster's image and the settings of the broker, where an authorizer is set. Who is refused
// something has a line in the log; clients choose what they ask for, and how often.

import { Seldom } from "../base/seldom.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { hasAuthorizer } from "../config/broker-config.ts";
import { parseSuperUsers } from "../config/super-users.ts";
import { Authorizer, type Denial } from "../security/authorizer.ts";
import type { Ground } from "./ground.ts";

/** Between two lines about the same client and permission. */
const SAME_DENIAL_MS = 1000;
const MOST_CLIENTS_TOLD = 1000;

export function authorizerOf(
  { config, clock, logLevels }: Pick<Ground, "config" | "clock" | "logLevels">,
  cluster: Pick<Cluster, "image">,
): Authorizer | undefined {
  if (!hasAuthorizer(config)) return undefined;
  const logger = logLevels.logger("authorizer");
  const seldom = new Seldom({ intervalMs: SAME_DENIAL_MS, mostKeys: MOST_CLIENTS_TOLD, now: () => clock.now() });
  const denied = ({ principal, host, permission, name }: Denial) => {
    const meanwhile = seldom.say(`${principal} ${host} ${permission}`);
    if (meanwhile === undefined) return;
    logger.info({ principal, host, permission, name, ...(meanwhile === 0 ? {} : { meanwhile }) }, "access was denied");
  };
  return new Authorizer({
    superUsers: parseSuperUsers(config["super.users"]),
    allowsWithoutRules: config["allow.everyone.if.no.acl.found"],
    rules: () => cluster.image.acls,
    denied,
  });
}

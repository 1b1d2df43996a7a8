// Access rules in force: by the rules of the cluster's image and the settings of the broker, where an authorizer is set.

import type { Cluster } from "../cluster/cluster.ts";
import { hasAuthorizer } from "../config/broker-config.ts";
import { parseSuperUsers } from "../config/super-users.ts";
import { Authorizer } from "../security/authorizer.ts";
import type { Ground } from "./ground.ts";

export function authorizerOf({ config, logLevels }: Ground, cluster: Cluster): Authorizer | undefined {
  if (!hasAuthorizer(config)) return undefined;
  const logger = logLevels.logger("authorizer");
  return new Authorizer({
    superUsers: parseSuperUsers(config["super.users"]),
    allowsWithoutRules: config["allow.everyone.if.no.acl.found"],
    rules: () => cluster.image.acls,
    denied: (denial) => logger.info(denial, "denied"),
  });
}

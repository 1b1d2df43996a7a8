// DescribeAcls, CreateAcls and DeleteAcls (keys 29 to 31). As in Kafka they are disabled unless authorizer.class.name is set; whoever may not
// see or alter the cluster hears of that first. A code of 0 is none that a client may send: the connection ends.

import { Errors } from "../../protocol/errors.ts";
import {
  createAcls as createAclsApi,
  deleteAcls as deleteAclsApi,
  describeAcls as describeAclsApi,
} from "../../protocol/messages/index.ts";
import { Slices } from "../base/slices.ts";
import { exceedsBatch, MAX_CHANGES, TOO_MANY_CHANGES } from "../cluster/batch-limit.ts";
import type { Change } from "../cluster/image.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { hasAuthorizer } from "../config/broker-config.ts";
import { type Acl, type AclFilter, aclFault, aclKey, hasUnknownCode, matchesAclFilter } from "../security/acls.ts";
import { CloseConnection, serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { lackingOnCluster } from "./unauthorized.ts";

const NO_AUTHORIZER: Refusal = { error: Errors.SECURITY_DISABLED, message: "No Authorizer is configured." };

function isDisabled({ config }: Services): boolean {
  return !hasAuthorizer(config);
}

function checked<T extends Parameters<typeof hasUnknownCode>[0]>(codes: T): T {
  if (hasUnknownCode(codes)) throw new CloseConnection("an access rule or filter carries the code 0 for unknown");
  return codes;
}

interface FilterFields {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

function filterOf(fields: FilterFields): AclFilter {
  return checked({
    resourceType: fields.resourceTypeFilter,
    resourceName: fields.resourceNameFilter,
    patternType: fields.patternTypeFilter,
    principal: fields.principalFilter,
    host: fields.hostFilter,
    operation: fields.operation,
    permission: fields.permissionType,
  });
}

export const describeAcls = serve(describeAclsApi, "0-3", ["DESCRIBE CLUSTER"], (services, request, { access }) => {
  const filter = filterOf(request);
  const refused = ({ error: errorCode, message: errorMessage }: Refusal) => ({ errorCode, errorMessage, resources: [] });
  if (!access.permitsOnCluster("DESCRIBE CLUSTER")) return refused(lackingOnCluster(describeAclsApi, "DESCRIBE"));
  if (isDisabled(services)) return refused({ ...NO_AUTHORIZER, message: "No Authorizer is configured on the broker" });
  const found = [...services.cluster.image.acls.values()].filter((acl) => matchesAclFilter(acl, filter));
  const byResource = Map.groupBy(found, ({ resourceType, patternType, resourceName }) => `${resourceType} ${patternType} ${resourceName}`);
  const resources = [...byResource.values()].flatMap((acls) => {
    const [first] = acls;
    if (first === undefined) return [];
    const { resourceType, resourceName, patternType } = first;
    const described = acls.map(({ principal, host, operation, permission }) => ({
      principal,
      host,
      operation,
      permissionType: permission,
    }));
    return [{ resourceType, resourceName, patternType, acls: described }];
  });
  return { errorCode: Errors.NONE, errorMessage: "", resources };
});

export const createAcls = serve(createAclsApi, "0-3", ["ALTER CLUSTER"], async (services, request, { access }) => {
  const wanted = request.creations.map(
    ({ resourcePatternType, permissionType, ...acl }): Acl =>
      checked({ ...acl, patternType: resourcePatternType, permission: permissionType }),
  );
  const all = ({ error: errorCode, message: errorMessage }: Refusal) => ({ results: wanted.map(() => ({ errorCode, errorMessage })) });
  if (!access.permitsOnCluster("ALTER CLUSTER")) return all(lackingOnCluster(createAclsApi, "ALTER"));
  if (isDisabled(services)) return all(NO_AUTHORIZER);
  const faults = wanted.map(aclFault);
  const changes = wanted.filter((_, index) => faults[index] === undefined).map((acl): Change => ({ type: "acl", ...acl }));
  if (exceedsBatch(changes)) return all(TOO_MANY_CHANGES);
  await services.cluster.transact(() => ({ changes, result: undefined }));
  if (changes.length > 0) services.logger.info({ rules: changes.length }, "made access rules");
  return {
    results: faults.map((fault) => ({ errorCode: fault === undefined ? Errors.NONE : Errors.INVALID_REQUEST, errorMessage: fault ?? "" })),
  };
});

export const deleteAcls = serve(deleteAclsApi, "0-3", ["ALTER CLUSTER"], async (services, request, { access }) => {
  const filters = request.filters.map(filterOf);
  const all = ({ error: errorCode, message: errorMessage }: Refusal) => ({
    filterResults: filters.map(() => ({ errorCode, errorMessage, matchingAcls: [] })),
  });
  if (!access.permitsOnCluster("ALTER CLUSTER")) return all(lackingOnCluster(deleteAclsApi, "ALTER"));
  if (isDisabled(services)) return all(NO_AUTHORIZER);
  const found = await matching(services, filters);
  if (found === undefined) return all(TOO_MANY_CHANGES);
  const deleted = new Map(found.flat().map((acl) => [aclKey(acl), acl]));
  await services.cluster.transact(({ acls }) => {
    const changes = [...deleted].filter(([key]) => acls.has(key)).map(([, acl]): Change => ({ type: "aclDeleted", ...acl }));
    return { changes, result: undefined };
  });
  return {
    filterResults: found.map((acls) => ({
      errorCode: Errors.NONE,
      matchingAcls: acls.map(({ permission, ...acl }) => ({ errorCode: Errors.NONE, ...acl, permissionType: permission })),
    })),
  };
});

/** Every filter tells what it matches, also what another one matches as well. `undefined` when that is too much for one request. */
async function matching({ cluster, clock }: Services, filters: readonly AclFilter[]): Promise<Acl[][] | undefined> {
  const acls = [...cluster.image.acls.values()];
  const slices = new Slices(clock);
  const found: Acl[][] = [];
  let count = 0;
  for (const filter of filters) {
    if (slices.isOver) await slices.next();
    const matched = acls.filter((acl) => matchesAclFilter(acl, filter));
    count += matched.length;
    if (count > MAX_CHANGES) return undefined;
    found.push(matched);
  }
  return found;
}

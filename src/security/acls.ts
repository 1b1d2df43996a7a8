// Access rules: who may do what with which resources, by literal name or by prefix (KIP-290). What they come to is authorizer.ts.

import { AclOperations, PatternTypes, Permissions, ResourceTypes } from "../../protocol/acl-codes.ts";

export interface Acl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  /** An address, or "*". */
  readonly host: string;
  readonly operation: number;
  readonly permission: number;
}

export interface AclFilter {
  readonly resourceType: number;
  /** null matches all, as in the other fields. */
  readonly resourceName: string | null;
  readonly patternType: number;
  readonly principal: string | null;
  readonly host: string | null;
  readonly operation: number;
  readonly permission: number;
}

/** The one resource of type CLUSTER. */
export const CLUSTER_NAME = "kafka-cluster";
/** As a literal name of a rule, every resource; as its host, every host. */
export const WILDCARD = "*";

export function aclKey(acl: Acl): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permission } = acl;
  return JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permission]);
}

/** A code that Kafka does not know even as unknown: it gives up on the whole request. */
export function hasUnknownCode(codes: {
  readonly resourceType: number;
  readonly patternType: number;
  readonly operation: number;
  readonly permission: number;
}): boolean {
  return codes.resourceType === 0 || codes.patternType === 0 || codes.operation === 0 || codes.permission === 0;
}

/** Why a rule may not be made; the wording is Kafka's. */
export function aclFault(acl: Acl): string | undefined {
  const what = (code: number, any: number) => (code === any ? "ANY" : "UNKNOWN");
  if (!isBetween(acl.resourceType, ResourceTypes.TOPIC, ResourceTypes.USER))
    return `Invalid resourceType ${what(acl.resourceType, ResourceTypes.ANY)}`;
  if (!isBetween(acl.patternType, PatternTypes.LITERAL, PatternTypes.PREFIXED)) {
    return `Invalid patternType ${acl.patternType === PatternTypes.MATCH ? "MATCH" : what(acl.patternType, PatternTypes.ANY)}`;
  }
  if (!isBetween(acl.operation, AclOperations.ALL, AclOperations.TWO_PHASE_COMMIT))
    return `Invalid operation ${what(acl.operation, AclOperations.ANY)}`;
  if (!isBetween(acl.permission, Permissions.DENY, Permissions.ALLOW))
    return `Invalid permissionType ${what(acl.permission, Permissions.ANY)}`;
  if (acl.resourceName === "") return "Invalid empty resource name";
  if (acl.resourceType === ResourceTypes.CLUSTER && acl.resourceName !== CLUSTER_NAME)
    return `The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`;
  if (!acl.principal.includes(":")) {
    return `Could not parse principal from \`${acl.principal}\` (no colon is present separating the principal type from the principal name)`;
  }
  return undefined;
}

function isBetween(code: number, least: number, most: number): boolean {
  return code >= least && code <= most;
}

export function matchesAclFilter(acl: Acl, filter: AclFilter): boolean {
  return (
    (filter.resourceType === ResourceTypes.ANY || filter.resourceType === acl.resourceType) &&
    matchesPattern(acl, filter) &&
    (filter.principal === null || filter.principal === acl.principal) &&
    (filter.host === null || filter.host === acl.host) &&
    (filter.operation === AclOperations.ANY || filter.operation === acl.operation) &&
    (filter.permission === Permissions.ANY || filter.permission === acl.permission)
  );
}

function matchesPattern({ resourceName, patternType }: Acl, filter: AclFilter): boolean {
  const { patternType: wanted, resourceName: name } = filter;
  if (wanted !== PatternTypes.ANY && wanted !== PatternTypes.MATCH && wanted !== patternType) return false;
  if (name === null || name === resourceName) return true;
  if (wanted !== PatternTypes.MATCH) return false;
  // Every rule that would apply to a resource of this name.
  return patternType === PatternTypes.PREFIXED ? name.startsWith(resourceName) : resourceName === WILDCARD;
}

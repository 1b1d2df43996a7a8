// Access rules: what they are about, whom they allow or deny what.

import { AclOperations, Permissions } from "../../../protocol/acl-codes.ts";
import { Errors } from "../../../protocol/errors.ts";
import { describeAcls } from "../../../protocol/messages/29-describe-acls.ts";
import { createAcls } from "../../../protocol/messages/30-create-acls.ts";
import { deleteAcls } from "../../../protocol/messages/31-delete-acls.ts";
import type { Brokers } from "../brokers.ts";
import { failOn, Refusal } from "../refusal.ts";

export interface AclPattern {
  readonly resourceType: number;
  readonly name: string;
  readonly patternType: number;
}

export interface AclEntry {
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permission: number;
}

/** null: any. */
export interface AclFilter {
  readonly resourceType: number;
  readonly name: string | null;
  readonly patternType: number;
  readonly entry: AclEntry | null;
}

export interface ResourceAcls extends AclPattern {
  readonly entries: readonly AclEntry[];
}

export async function listAcls(brokers: Brokers, filter: AclFilter): Promise<ResourceAcls[]> {
  const { resourceType, name, patternType, entry } = filter;
  const answer = await brokers.ask(describeAcls, 3, {
    resourceTypeFilter: resourceType,
    resourceNameFilter: name,
    patternTypeFilter: patternType,
    principalFilter: entry?.principal ?? null,
    hostFilter: entry?.host ?? null,
    operation: entry?.operation ?? AclOperations.ANY,
    permissionType: entry?.permission ?? Permissions.ANY,
  });
  failOn(answer.errorCode, "access rules", answer.errorMessage);
  return answer.resources.map((resource) => ({
    resourceType: resource.resourceType,
    name: resource.resourceName,
    patternType: resource.patternType,
    entries: resource.acls.map(({ principal, host, operation, permissionType }) => ({
      principal,
      host,
      operation,
      permission: permissionType,
    })),
  }));
}

export async function addAcls(brokers: Brokers, pattern: AclPattern, entries: readonly AclEntry[]): Promise<void> {
  const creations = entries.map(({ principal, host, operation, permission }) => ({
    resourceType: pattern.resourceType,
    resourceName: pattern.name,
    resourcePatternType: pattern.patternType,
    principal,
    host,
    operation,
    permissionType: permission,
  }));
  const answer = await brokers.ask(createAcls, 3, { creations });
  for (const { errorCode, errorMessage } of answer.results) failOn(errorCode, "access rule", errorMessage);
}

/** Gives how many were deleted. */
export async function removeAcls(brokers: Brokers, filters: readonly AclFilter[]): Promise<number> {
  const answer = await brokers.ask(deleteAcls, 3, {
    filters: filters.map(({ resourceType, name, patternType, entry }) => ({
      resourceTypeFilter: resourceType,
      resourceNameFilter: name,
      patternTypeFilter: patternType,
      principalFilter: entry?.principal ?? null,
      hostFilter: entry?.host ?? null,
      operation: entry?.operation ?? AclOperations.ANY,
      permissionType: entry?.permission ?? Permissions.ANY,
    })),
  });
  let count = 0;
  for (const { errorCode, errorMessage, matchingAcls } of answer.filterResults) {
    if (errorCode !== Errors.NONE) throw new Refusal(errorCode, "access rules", errorMessage);
    count += matchingAcls.length;
  }
  return count;
}

export function nameIn(table: { readonly [name: string]: number }, number: number): string {
  return Object.entries(table).find(([, known]) => known === number)?.[0] ?? "UNKNOWN";
}

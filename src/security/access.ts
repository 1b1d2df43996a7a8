// What a client may do, as handlers ask for it. A handler states the permissions that it needs beside the versions that it serves, and can
// ask for no other: `Access` of what it did not state does not type.

import { AclOperations } from "../../protocol/acl-codes.ts";
import { type ClusterPermission, OPERATIONS, type Permission, type ResourceTypeName } from "./permission.ts";

export interface Access<Stated extends Permission = never> {
  readonly permits: (permission: Exclude<Stated, ClusterPermission>, name: string) => boolean;
  readonly permitsOnCluster: (permission: Extract<Stated, ClusterPermission>) => boolean;
  /** On one resource of the type at least, whatever its name. */
  readonly permitsSomewhere: (permission: Exclude<Stated, ClusterPermission>) => boolean;
  /** The same where a no is not the refusal of a request: something else may permit it, or what nobody named is passed over. */
  readonly permitsQuietly: (permission: Exclude<Stated, ClusterPermission>, name: string) => boolean;
  readonly permitsOnClusterQuietly: (permission: Extract<Stated, ClusterPermission>) => boolean;
  /** All that may be done with a resource, as bits by the codes of operations (KIP-430). */
  readonly operationsOn: (type: ResourceTypeName, name: string) => number;
}

/** Of brokers of the cluster, and of everybody where there is no authorizer. */
export const EVERYTHING: Access<Permission> = {
  permits: () => true,
  permitsOnCluster: () => true,
  permitsSomewhere: () => true,
  permitsQuietly: () => true,
  permitsOnClusterQuietly: () => true,
  operationsOn: (type) => operationBits(type, () => true),
};

export function operationBits(type: ResourceTypeName, isPermitted: (permission: string) => boolean): number {
  let bits = 0;
  for (const operation of OPERATIONS[type]) if (isPermitted(`${operation} ${type}`)) bits |= 1 << AclOperations[operation];
  return bits;
}

// What may be done with each type of resource. The names of permissions and the sets of authorised operations (KIP-430) are made from this
// table, which is Kafka's.

import { AclOperations, ResourceTypes } from "../../protocol/acl-codes.ts";

export const OPERATIONS = {
  TOPIC: ["READ", "WRITE", "CREATE", "DESCRIBE", "DELETE", "ALTER", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
  GROUP: ["READ", "DESCRIBE", "DELETE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
  CLUSTER: ["CREATE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "ALTER", "DESCRIBE"],
  TRANSACTIONAL_ID: ["DESCRIBE", "WRITE", "TWO_PHASE_COMMIT"],
  DELEGATION_TOKEN: ["DESCRIBE"],
  USER: ["CREATE_TOKENS", "DESCRIBE_TOKENS"],
} as const;

export type ResourceTypeName = keyof typeof OPERATIONS;

type PermissionOn<Type extends ResourceTypeName> = Type extends ResourceTypeName ? `${(typeof OPERATIONS)[Type][number]} ${Type}` : never;

/** "READ TOPIC": an operation, and the type of resource on which it is asked for. */
export type Permission = PermissionOn<ResourceTypeName> | ClusterPermission;
/** The cluster is one resource and needs no name. To delete all of it is asked for, and told nobody as an authorised operation. */
export type ClusterPermission = PermissionOn<"CLUSTER"> | "DELETE CLUSTER";

/** By its codes on the wire. */
export interface PermissionCodes {
  readonly operation: number;
  readonly resourceType: number;
}

const operationCodes: ReadonlyMap<string, number> = new Map(Object.entries(AclOperations));
const resourceTypeCodes: ReadonlyMap<string, number> = new Map(Object.entries(ResourceTypes));

export function permissionCodes(permission: string): PermissionCodes {
  const [operation = "", resourceType = ""] = permission.split(" ");
  return { operation: operationCodes.get(operation) ?? 0, resourceType: resourceTypeCodes.get(resourceType) ?? 0 };
}

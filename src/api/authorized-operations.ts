// What a client may do, told in answers as a set of bits by ACL operation code (KIP-430).

import type { Access } from "../security/access.ts";
import { CLUSTER_NAME } from "../security/acls.ts";

/** In answers: nobody asked. */
export const OPERATIONS_NOT_ASKED = -2147483648;

/** None are told to who may not describe the cluster. */
export function clusterOperations(access: Access<"DESCRIBE CLUSTER">): number {
  return access.permitsOnCluster("DESCRIBE CLUSTER") ? access.operationsOn("CLUSTER", CLUSTER_NAME) : 0;
}

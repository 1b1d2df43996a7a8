// Access rules as the matrix makes them: who may do what with which resource. Codes are those of the protocol.

export const TOPIC = 2;
export const GROUP = 3;
export const CLUSTER = 4;
export const TRANSACTIONAL_ID = 5;
export const DELEGATION_TOKEN = 6;
export const USER = 7;

export const ALL = 2;
export const READ = 3;
export const WRITE = 4;
export const CREATE = 5;
export const DELETE = 6;
export const ALTER = 7;
export const DESCRIBE = 8;
export const CLUSTER_ACTION = 9;
export const DESCRIBE_CONFIGS = 10;
export const ALTER_CONFIGS = 11;
export const IDEMPOTENT_WRITE = 12;
export const CREATE_TOKENS = 13;
export const DESCRIBE_TOKENS = 14;
export const TWO_PHASE_COMMIT = 15;

export const LITERAL = 3;
export const PREFIXED = 4;
export const DENY = 2;
export const ALLOW = 3;

export const CLUSTER_NAME = "kafka-cluster";

/** What a request needs. */
export interface Need {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly operation: number;
}

export interface Rule extends Need {
  readonly resourcePatternType: number;
  readonly principal: string;
  readonly host: string;
  readonly permissionType: number;
}

export function onCluster(...operations: number[]): Need[] {
  return operations.map((operation) => ({ resourceType: CLUSTER, resourceName: CLUSTER_NAME, operation }));
}

export function on(resourceType: number, names: readonly string[], ...operations: number[]): Need[] {
  return names.flatMap((resourceName) => operations.map((operation) => ({ resourceType, resourceName, operation })));
}

/** A rule of the simplest kind: allows it to somebody from anywhere, by the resource's whole name. */
export function allow(need: Need, principal: string, more: Partial<Rule> = {}): Rule {
  return { ...need, resourcePatternType: LITERAL, principal, host: "*", permissionType: ALLOW, ...more };
}

// What a client may do, as a set of bits by ACL operation code (KIP-430). Without an authorizer everything that the kind of
// resource knows is allowed.

const Operation = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const;

function bits(...operations: (keyof typeof Operation)[]): number {
  return operations.reduce((set, operation) => set | (1 << Operation[operation]), 0);
}

export const authorizedOperations = {
  topic: bits("READ", "WRITE", "CREATE", "DESCRIBE", "DELETE", "ALTER", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
  group: bits("READ", "DESCRIBE", "DELETE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
  cluster: bits("CREATE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "ALTER", "DESCRIBE"),
} as const;

/** In answers: nobody asked. */
export const OPERATIONS_NOT_ASKED = -2147483648;

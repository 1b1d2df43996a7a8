// The topic that the registry is kept in, as Confluent's.

export const SCHEMAS_TOPIC = "_schemas";

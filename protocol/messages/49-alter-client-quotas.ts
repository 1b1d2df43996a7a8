// AlterClientQuotas (key 49): sets and removes quotas of users, clients and addresses; a null name is the default entity (KIP-546).
// Version 1 is flexible.

import { array, bool, float64, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const entityData = struct({
  entityType: string(),
  entityName: string().nullable(),
});

const opData = struct({
  key: string(),
  value: float64(),
  remove: bool(),
});

const entryData = struct({
  entity: array(entityData),
  ops: array(opData),
});

const entryDataInResponse = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  entity: array(entityData),
});

export const alterClientQuotas = defineApi({
  key: 49,
  name: "AlterClientQuotas",
  versions: "0-1",
  flexible: "1+",
  request: {
    entries: array(entryData),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    entries: array(entryDataInResponse),
  },
});

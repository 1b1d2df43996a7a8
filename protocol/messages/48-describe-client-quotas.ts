// DescribeClientQuotas (key 48): quotas of users, clients and addresses (KIP-546). A component matches 0 exactly this name, 1 the default
// entity, 2 any name. Version 1 is flexible.

import { array, bool, float64, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const componentData = struct({
  entityType: string(),
  matchType: int8(),
  match: string().nullable(),
});

const entityData = struct({
  entityType: string(),
  entityName: string().nullable(),
});

const valueData = struct({
  key: string(),
  value: float64(),
});

const entryData = struct({
  entity: array(entityData),
  values: array(valueData),
});

export const describeClientQuotas = defineApi({
  key: 48,
  name: "DescribeClientQuotas",
  versions: "0-1",
  flexible: "1+",
  request: {
    components: array(componentData),
    strict: bool(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    entries: array(entryData).nullable(),
  },
});

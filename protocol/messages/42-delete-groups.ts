// DeleteGroups (key 42): removes groups without members, together with their offsets.
// Version 1 answers at once when throttled; 2 is flexible.

import { array, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const deletableGroupResult = struct({
  groupId: string(),
  errorCode: int16(),
});

export const deleteGroups = defineApi({
  key: 42,
  name: "DeleteGroups",
  versions: "0-2",
  flexible: "2+",
  request: {
    groupsNames: array(string()),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    results: array(deletableGroupResult),
  },
});

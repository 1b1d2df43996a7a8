// ListGroups (key 16): the groups that this broker coordinates; clients ask every broker.
// Version 3 is flexible; 4 adds the state and a filter by it (KIP-518); 5 the type (classic, consumer, share, streams) and a filter by it.

import { array, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const listedGroup = struct({
  groupId: string(),
  protocolType: string(),
  groupState: string("4+", "").ignorable(),
  groupType: string("5+", "").ignorable(),
});

export const listGroups = defineApi({
  key: 16,
  name: "ListGroups",
  versions: "0-5",
  flexible: "3+",
  request: {
    statesFilter: array(string(), "4+").optional(),
    typesFilter: array(string(), "5+").optional(),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    errorCode: int16(),
    groups: array(listedGroup),
  },
});

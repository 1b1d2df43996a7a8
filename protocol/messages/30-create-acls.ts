// CreateAcls (key 30): adds access rules; each has a result of its own, in the order of the request.
// Version 1 adds pattern types (KIP-290); 2 is flexible; 3 knows users as resources.
// Codes of resources, patterns, operations and permissions are those of DescribeAcls.

import { array, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const aclCreation = struct({
  resourceType: int8(),
  resourceName: string(),
  resourcePatternType: int8("1+", 3),
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
});

const aclCreationResult = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

export const createAcls = defineApi({
  key: 30,
  name: "CreateAcls",
  versions: "0-3",
  flexible: "2+",
  request: {
    creations: array(aclCreation),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    results: array(aclCreationResult),
  },
});

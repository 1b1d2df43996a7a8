// DescribeAcls (key 29): the access rules that match a filter, by resource. Null in the filter matches everything.
// Version 1 adds pattern types (literal, prefixed; KIP-290); 2 is flexible; 3 knows users as resources.
// Resource types: 2 topic, 3 group, 4 cluster, 5 transactional id, 6 delegation token, 7 user. Patterns: 3 literal, 4 prefixed; in filters
// also 1 any, 2 match. Operations: 2 all, 3 read, 4 write, 5 create, 6 delete, 7 alter, 8 describe, 9 cluster action, 10 describe configs,
// 11 alter configs, 12 idempotent write, 13 create tokens, 14 describe tokens, 15 two-phase commit. Permissions: 2 deny, 3 allow. 1 is any.

import { array, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const aclDescription = struct({
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
});

const describeAclsResource = struct({
  resourceType: int8(),
  resourceName: string(),
  patternType: int8("1+", 3),
  acls: array(aclDescription),
});

export const describeAcls = defineApi({
  key: 29,
  name: "DescribeAcls",
  versions: "0-3",
  flexible: "2+",
  request: {
    resourceTypeFilter: int8(),
    resourceNameFilter: string().nullable(),
    patternTypeFilter: int8("1+", 3),
    principalFilter: string().nullable(),
    hostFilter: string().nullable(),
    operation: int8(),
    permissionType: int8(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    resources: array(describeAclsResource),
  },
});

// DeleteAcls (key 31): removes the access rules that match any of the filters, and lists them for each.
// Version 1 adds pattern types (KIP-290); 2 is flexible; 3 knows users as resources.
// Codes of resources, patterns, operations and permissions are those of DescribeAcls.

import { array, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const deleteAclsFilter = struct({
  resourceTypeFilter: int8(),
  resourceNameFilter: string().nullable(),
  patternTypeFilter: int8("1+", 3),
  principalFilter: string().nullable(),
  hostFilter: string().nullable(),
  operation: int8(),
  permissionType: int8(),
});

const deleteAclsMatchingAcl = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  resourceType: int8(),
  resourceName: string(),
  patternType: int8("1+", 3),
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
});

const deleteAclsFilterResult = struct({
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  matchingAcls: array(deleteAclsMatchingAcl),
});

export const deleteAcls = defineApi({
  key: 31,
  name: "DeleteAcls",
  versions: "0-3",
  flexible: "2+",
  request: {
    filters: array(deleteAclsFilter),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    filterResults: array(deleteAclsFilterResult),
  },
});

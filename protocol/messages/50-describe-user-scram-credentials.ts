// DescribeUserScramCredentials (key 50): which SCRAM mechanisms users have, with iterations but without secrets (KIP-554).
// Null or no users ask for all. There is only version 0, which is flexible.
// Mechanisms: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.

import { array, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const userName = struct({
  name: string(),
});

const credentialInfo = struct({
  mechanism: int8(),
  iterations: int32(),
});

const describeUserScramCredentialsResult = struct({
  user: string(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
  credentialInfos: array(credentialInfo),
});

export const describeUserScramCredentials = defineApi({
  key: 50,
  name: "DescribeUserScramCredentials",
  versions: "0",
  flexible: "0+",
  request: {
    users: array(userName).nullable(),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    results: array(describeUserScramCredentialsResult),
  },
});

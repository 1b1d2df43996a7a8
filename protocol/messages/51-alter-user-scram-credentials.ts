// AlterUserScramCredentials (key 51): creates, replaces and removes SCRAM credentials (KIP-554). The client has salted the password;
// the broker derives its keys from that. There is only version 0, which is flexible.
// Mechanisms: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.

import { array, bytes, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const scramCredentialDeletion = struct({
  name: string(),
  mechanism: int8(),
});

const scramCredentialUpsertion = struct({
  name: string(),
  mechanism: int8(),
  iterations: int32(),
  salt: bytes(),
  saltedPassword: bytes(),
});

const alterUserScramCredentialsResult = struct({
  user: string(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

export const alterUserScramCredentials = defineApi({
  key: 51,
  name: "AlterUserScramCredentials",
  versions: "0",
  flexible: "0+",
  request: {
    deletions: array(scramCredentialDeletion),
    upsertions: array(scramCredentialUpsertion),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    results: array(alterUserScramCredentialsResult),
  },
});

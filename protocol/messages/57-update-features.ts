// UpdateFeatures (key 57): raises or lowers feature levels of the cluster (KIP-584).
// Version 1 adds a dry run and the type of upgrade in place of a flag; 2 answers for the request as a whole instead of each feature.
// Upgrade types: 1 upgrade, 2 safe downgrade, 3 unsafe downgrade.

import { array, bool, int8, int16, int32, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const featureUpdateKey = struct({
  feature: string(),
  maxVersionLevel: int16(),
  allowDowngrade: bool("0", false),
  upgradeType: int8("1+", 1),
});

const updatableFeatureResult = struct({
  feature: string(),
  errorCode: int16(),
  errorMessage: string().nullable().default(null),
});

export const updateFeatures = defineApi({
  key: 57,
  name: "UpdateFeatures",
  versions: "0-2",
  flexible: "0+",
  request: {
    timeoutMs: int32("0+", 60000),
    featureUpdates: array(featureUpdateKey),
    validateOnly: bool("1+", false),
  },
  response: {
    throttleTimeMs: int32("0+", 0),
    errorCode: int16(),
    errorMessage: string().nullable().default(null),
    results: array(updatableFeatureResult, "0-1").optional().ignorable(),
  },
});

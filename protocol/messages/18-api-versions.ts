// ApiVersions (key 18): which APIs in which versions this broker serves. The first request of nearly every client.
// The response header is always version 0, and a request of an unknown version is answered in version 0 (KIP-511): the client cannot
// know yet what the broker understands. The throttle time comes after the list, unlike in most answers. Version 3 is flexible, and adds
// name and version of the client's software and the cluster's features; 4 may list features whose lowest level is 0.

import { array, bool, int16, int32, int64, string, struct } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const apiVersion = struct({
  apiKey: int16(),
  minVersion: int16(),
  maxVersion: int16(),
});

const supportedFeatureKey = struct({
  name: string(),
  minVersion: int16(),
  maxVersion: int16(),
});

const finalizedFeatureKey = struct({
  name: string(),
  maxVersionLevel: int16(),
  minVersionLevel: int16(),
});

export const apiVersions = defineApi({
  key: 18,
  name: "ApiVersions",
  versions: "0-4",
  flexible: "3+",
  request: {
    clientSoftwareName: string("3+", "").ignorable(),
    clientSoftwareVersion: string("3+", "").ignorable(),
  },
  response: {
    errorCode: int16(),
    apiKeys: array(apiVersion),
    throttleTimeMs: int32("1+", 0).ignorable(),
    supportedFeatures: array(supportedFeatureKey, "3+").tag(0).ignorable(),
    finalizedFeaturesEpoch: int64("3+", -1).tag(1).ignorable(),
    finalizedFeatures: array(finalizedFeatureKey, "3+").tag(2).ignorable(),
    zkMigrationReady: bool("3+", false).tag(3).ignorable(),
  },
});

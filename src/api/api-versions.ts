// ApiVersions (key 18). What this broker serves, derived from its handlers, and the finalized features (KIP-584).
// A version that we do not know is answered in version 0 with UNSUPPORTED_VERSION and our range (KIP-511): see the dispatcher.

import { Errors } from "../../protocol/errors.ts";
import { apiVersions as apiVersionsApi, getTelemetrySubscriptions, pushTelemetry } from "../../protocol/messages/index.ts";
import { finalizedLevels, supportedFeatures } from "../cluster/features.ts";
import { serve } from "./handler.ts";
import type { ServedApi } from "./served-api.ts";

/** Letters, digits, inner "-" and "." (KIP-511). */
const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/** From this version on, features that may be absent (level 0) are listed. */
const FIRST_VERSION_WITH_LEVEL_ZERO = 4;

/** Not advertised while nobody wants metrics of clients: see client-telemetry.ts. */
const TELEMETRY_KEYS: readonly number[] = [getTelemetrySubscriptions.key, pushTelemetry.key];

export const apiVersions = serve(apiVersionsApi, "0-4", [], (services, request, context) => {
  if (context.apiVersion >= 3) {
    if (!SOFTWARE_NAME.test(request.clientSoftwareName) || !SOFTWARE_NAME.test(request.clientSoftwareVersion)) {
      return { errorCode: Errors.INVALID_REQUEST, apiKeys: [] };
    }
    context.connection.clientSoftware = `${request.clientSoftwareName} ${request.clientSoftwareVersion}`;
  }
  context.connection.login?.versionsTold();
  return {
    errorCode: Errors.NONE,
    apiKeys: services.served.filter(({ api }) => services.telemetry.isWanted || !TELEMETRY_KEYS.includes(api.key)).map(advertisement),
    supportedFeatures: supportedFeatures.filter(({ minVersion }) => minVersion > 0 || context.apiVersion >= FIRST_VERSION_WITH_LEVEL_ZERO),
    finalizedFeaturesEpoch: services.cluster.image.features?.epoch ?? 0,
    finalizedFeatures: finalizedLevels(services.cluster.image.features).map(({ name, level }) => ({
      name,
      minVersionLevel: level,
      maxVersionLevel: level,
    })),
  };
});

function advertisement({ api, advertisedVersions }: ServedApi) {
  return { apiKey: api.key, minVersion: advertisedVersions.lowest, maxVersion: advertisedVersions.highest };
}

// UpdateFeatures (key 57, KIP-584). All updates of a request are made, or none. Version 0 permits downgrades by a flag; up to version 1 a
// success names every feature.

import { Errors } from "../../protocol/errors.ts";
import { updateFeatures as updateFeaturesApi } from "../../protocol/messages/index.ts";
import { decideFeatures, UpgradeTypes, withNewFeatures } from "../cluster/features.ts";
import { isRefusal } from "../cluster/refusal.ts";
import { serve } from "./handler.ts";
import { lackingOnCluster } from "./unauthorized.ts";

const FAILED = "The update failed for all features since the following feature had an error: ";

export const updateFeatures = serve(updateFeaturesApi, "0-2", ["ALTER CLUSTER"], async (services, request, context) => {
  if (!context.access.permitsOnCluster("ALTER CLUSTER")) {
    const { error, message } = lackingOnCluster(updateFeaturesApi, "ALTER");
    return { errorCode: error, errorMessage: message, results: [] };
  }
  const updates = request.featureUpdates.map(({ feature, maxVersionLevel, allowDowngrade, upgradeType }) => ({
    name: feature,
    level: maxVersionLevel,
    upgradeType: context.apiVersion > 0 ? upgradeType : allowDowngrade ? UpgradeTypes.SAFE_DOWNGRADE : UpgradeTypes.UPGRADE,
  }));
  const outcome = await services.cluster.transact((image) => {
    const finalized = withNewFeatures(image.features);
    const decision = decideFeatures(finalized, updates, services.brokerId);
    if (isRefusal(decision) || decision === image.features || request.validateOnly) return { changes: [], result: decision };
    return { changes: [{ type: "features", ...decision }], result: decision };
  });
  if (isRefusal(outcome)) return { errorCode: outcome.error, errorMessage: FAILED + outcome.message, results: [] };
  if (!request.validateOnly) services.logger.info({ epoch: outcome.epoch, levels: outcome.levels }, "finalized features");
  const results = updates.map(({ name }) => ({ feature: name, errorCode: Errors.NONE, errorMessage: "NONE" }));
  return { errorCode: Errors.NONE, results: context.apiVersion < 2 ? results : [] };
});

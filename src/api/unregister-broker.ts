// UnregisterBroker (key 64, KIP-631). Takes a broker that is gone for good out of the cluster; its partitions get other leaders where
// there are replicas.

import { Errors } from "../../protocol/errors.ts";
import { unregisterBroker as unregisterBrokerApi } from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";
import { lackingOnCluster } from "./unauthorized.ts";

export const unregisterBroker = serve(unregisterBrokerApi, "0", ["ALTER CLUSTER"], async (services, { brokerId }, { access }) => {
  if (!access.permitsOnCluster("ALTER CLUSTER")) {
    const { error, message } = lackingOnCluster(unregisterBrokerApi, "ALTER");
    return { errorCode: error, errorMessage: message };
  }
  const isRemoved = await services.cluster.transact((image) => {
    const isKnown = image.brokers.has(brokerId) || image.stoppedBrokers.has(brokerId);
    return { changes: isKnown ? [{ type: "brokerRemoved", id: brokerId }] : [], result: isKnown };
  });
  if (!isRemoved) return { errorCode: Errors.BROKER_ID_NOT_REGISTERED, errorMessage: `Broker ID ${brokerId} is not currently registered` };
  services.logger.warn({ brokerId }, "took a broker out of the cluster");
  return { errorCode: Errors.NONE, errorMessage: "" };
});

// GetTelemetrySubscriptions (key 71) and PushTelemetry (key 72), KIP-714. As Kafka without a plug-in that receives metrics, a broker of a
// cluster without client-metrics subscriptions does not advertise them, so that clients leave telemetry alone; who asks is answered.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { getTelemetrySubscriptions as getApi, pushTelemetry as pushApi } from "../../protocol/messages/index.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { ACCEPTED_COMPRESSIONS, type TelemetryClient } from "../telemetry/client-telemetry.ts";
import { type RequestContext, serve } from "./handler.ts";

/** Ids that mean something else than a client instance. */
const RESERVED_UUIDS: readonly string[] = [ZERO_UUID, "AAAAAAAAAAAAAAAAAAAAAQ"];
const UNKNOWN = "unknown";

export const getTelemetrySubscriptions = serve(getApi, "0", [], async ({ telemetry }, { clientInstanceId }, context) => {
  const id = clientInstanceId === ZERO_UUID ? telemetry.newInstanceId() : clientInstanceId;
  const subscription = await telemetry.subscription(id, clientOf(context));
  if (typeof subscription === "number") return refused(subscription);
  const { subscriptionId, wanted } = subscription;
  return {
    errorCode: Errors.NONE,
    clientInstanceId: id,
    subscriptionId,
    acceptedCompressionTypes: [...ACCEPTED_COMPRESSIONS],
    pushIntervalMs: wanted.pushIntervalMs,
    telemetryMaxBytes: telemetry.maxBytes,
    deltaTemporality: true,
    requestedMetrics: [...wanted.metrics],
  };
});

export const pushTelemetry = serve(pushApi, "0", [], async ({ telemetry }, request, context) => {
  if (RESERVED_UUIDS.includes(request.clientInstanceId)) return { errorCode: Errors.INVALID_REQUEST };
  return { errorCode: await telemetry.push(request.clientInstanceId, request, clientOf(context)) };
});

function refused(errorCode: ErrorCode) {
  return {
    errorCode,
    clientInstanceId: ZERO_UUID,
    subscriptionId: 0,
    acceptedCompressionTypes: [],
    pushIntervalMs: 0,
    telemetryMaxBytes: 0,
    deltaTemporality: false,
    requestedMetrics: [],
  };
}

function clientOf({ clientId, connection }: RequestContext): TelemetryClient {
  const [name = "", version = ""] = connection.clientSoftware.split(" ");
  return {
    attributes: {
      client_id: clientId,
      client_software_name: name === "" ? UNKNOWN : name,
      client_software_version: version === "" ? UNKNOWN : version,
      client_source_address: connection.remoteAddress,
      client_source_port: `${connection.remotePort}`,
    },
    onClose: (listener) => connection.onClose(listener),
  };
}

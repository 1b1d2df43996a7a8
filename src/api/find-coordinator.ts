// FindCoordinator (key 10). The coordinator of a group is the leader of its partition of __consumer_offsets, that of a transactional id the
// leader of its partition of __transaction_state, that of a share partition the leader of its partition of __share_group_state; the topic is
// created here when it is first needed. Whether that answer is right at once, or says COORDINATOR_NOT_AVAILABLE as Kafka's does, is a setting.
// Version 4 asks for several keys, version 6 knows share partitions.

import { Errors } from "../../protocol/errors.ts";
import { findCoordinator as findCoordinatorApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import { Slices } from "../base/slices.ts";
import type { Refusal } from "../cluster/refusal.ts";
import { GROUP_OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from "../cluster/topic-name.ts";
import { isSharePartitionName } from "../coordinator/share/share-partition-name.ts";
import { nodeFor } from "./endpoints.ts";
import { type RequestContext, serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { CLUSTER_UNAUTHORIZED, GROUP_UNAUTHORIZED, TRANSACTIONAL_ID_UNAUTHORIZED } from "./unauthorized.ts";

type Response = EncodableMessage<typeof findCoordinatorApi.response>;
type Coordinator = NonNullable<Response["coordinators"]>[number];

const GROUP = 0;
const TRANSACTION = 1;
const SHARE = 2;
const FIRST_VERSION_WITH_KEYS = 4;
const FIRST_VERSION_WITH_SHARES = 6;
/** What is said where there is no list, and Kafka says no more than its error. */
const MALFORMED =
  "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. " +
  "See the broker logs for more details.";
/** What Kafka sends as the message of a success that has no list. */
const NO_ERROR_MESSAGE = "NONE";
const NOT_AVAILABLE = "The coordinator is not available.";

const TOPICS: ReadonlyMap<number, string> = new Map([
  [GROUP, GROUP_OFFSETS_TOPIC],
  [TRANSACTION, TRANSACTION_STATE_TOPIC],
  [SHARE, SHARE_GROUP_STATE_TOPIC],
]);

/** Of the topic, when it was asked for. */
interface Absence {
  readonly message: string | undefined;
}

interface Sought {
  readonly key: string;
  readonly keyType: number;
  readonly absence: Absence | undefined;
}

const needs = ["DESCRIBE GROUP", "DESCRIBE TRANSACTIONAL_ID", "CLUSTER_ACTION CLUSTER"] as const;

type Context = RequestContext<(typeof needs)[number]>;

export const findCoordinator = serve(findCoordinatorApi, "0-6", needs, async (services, request, context): Promise<Response> => {
  const keys = context.apiVersion >= FIRST_VERSION_WITH_KEYS ? request.coordinatorKeys : [request.key];
  const ask = (absence: Absence | undefined) =>
    new Slices(services.clock).map(keys, (key) => find(services, { key: key ?? "", keyType: request.keyType, absence }, context));
  let found = await ask(undefined);
  if (found.includes(undefined)) found = await ask(await made(services, TOPICS.get(request.keyType) ?? ""));
  const coordinators = found.filter((coordinator) => coordinator !== undefined);
  if (context.apiVersion >= FIRST_VERSION_WITH_KEYS) return { coordinators };
  const [only] = coordinators;
  if (only === undefined) return {};
  const { errorCode, errorMessage, nodeId, host, port } = only;
  return { errorCode, errorMessage, nodeId, host, port };
});

/** Why no coordinator can be told of although the topic is asked for; `undefined`: it is there. */
async function made({ topics, config }: Services, topic: string): Promise<Absence> {
  const refusal = await topics.autoCreate(topic);
  if (refusal !== undefined) return { message: refusal.message };
  return { message: config["odradek.auto.create.answers.created"] ? undefined : NOT_AVAILABLE };
}

/** `undefined`: the topic has to be made first, where nothing is said about its absence. */
function find(services: Services, { key, keyType, absence }: Sought, context: Context): Coordinator | undefined {
  const refused = (errorCode: number, errorMessage: string): Coordinator => ({
    key,
    nodeId: -1,
    host: "",
    port: -1,
    errorCode,
    errorMessage,
  });
  const hasList = context.apiVersion >= FIRST_VERSION_WITH_KEYS;
  const unauthorized = unauthorizedFor(key, keyType, context.access);
  // In a list it is said without words, but of what is the cluster's.
  if (unauthorized !== undefined) return refused(unauthorized.error, hasList && keyType !== SHARE ? "" : unauthorized.message);
  const topic = TOPICS.get(keyType);
  if (topic === undefined) return refused(Errors.INVALID_REQUEST, `This broker does not serve coordinators of type ${keyType}.`);
  if (keyType === SHARE && (context.apiVersion < FIRST_VERSION_WITH_SHARES || !isSharePartitionName(key))) {
    return refused(Errors.INVALID_REQUEST, hasList ? "" : MALFORMED);
  }
  if (absence?.message !== undefined) return refused(Errors.COORDINATOR_NOT_AVAILABLE, absence.message);
  if (absence === undefined && !services.cluster.image.topicsByName.has(topic)) return undefined;
  const { brokers, topicsByName } = services.cluster.image;
  const partition = coordinators(services, keyType).partitionFor(key);
  const leader = topicsByName.get(topic)?.partitions[partition]?.leader ?? -1;
  const broker = brokers.get(leader);
  const node = broker === undefined ? undefined : nodeFor(broker, context.connection);
  if (node === undefined) return refused(Errors.COORDINATOR_NOT_AVAILABLE, NOT_AVAILABLE);
  return {
    key,
    nodeId: node.nodeId,
    host: node.host,
    port: node.port,
    errorCode: Errors.NONE,
    errorMessage: hasList ? "" : NO_ERROR_MESSAGE,
  };
}

function coordinators({ groups, transactions, shareCoordinator }: Services, keyType: number) {
  return keyType === GROUP ? groups : keyType === TRANSACTION ? transactions : shareCoordinator;
}

function unauthorizedFor(key: string, keyType: number, access: Context["access"]): Refusal | undefined {
  switch (keyType) {
    case GROUP:
      return access.permits("DESCRIBE GROUP", key) ? undefined : GROUP_UNAUTHORIZED;
    case TRANSACTION:
      return access.permits("DESCRIBE TRANSACTIONAL_ID", key) ? undefined : TRANSACTIONAL_ID_UNAUTHORIZED;
    case SHARE:
      return access.permitsOnCluster("CLUSTER_ACTION CLUSTER") ? undefined : CLUSTER_UNAUTHORIZED;
    default:
      return undefined;
  }
}

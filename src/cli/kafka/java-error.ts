// Errors as Kafka's Java tools name them, which scripts look for: `org.apache.kafka.common.errors.TopicExistsException: …`.

import { Errors, errorMessage, errorName } from "../../../protocol/errors.ts";
import { ClientError, Disconnected, messageOf, NoConsumerProtocol, NotLetIn } from "../../client/client-error.ts";
import { RecordTooLarge } from "../../client/producer.ts";
import { Refusal } from "../../client/refusal.ts";

const PACKAGE = "org.apache.kafka.common.errors.";
const HANDSHAKE = "javax.net.ssl.SSLHandshakeException";

/** Where the exception is not called after the error code. */
const NAMES: { readonly [errorName: string]: string } = {
  UNKNOWN_SERVER_ERROR: "UnknownServerException",
  CORRUPT_MESSAGE: "CorruptRecordException",
  REQUEST_TIMED_OUT: "TimeoutException",
  MESSAGE_TOO_LARGE: "RecordTooLargeException",
  STALE_CONTROLLER_EPOCH: "ControllerMovedException",
  INVALID_TOPIC_EXCEPTION: "InvalidTopicException",
  RECORD_LIST_TOO_LARGE: "RecordBatchTooLargeException",
  COORDINATOR_LOAD_IN_PROGRESS: "CoordinatorLoadInProgressException",
  TOPIC_AUTHORIZATION_FAILED: "TopicAuthorizationException",
  GROUP_AUTHORIZATION_FAILED: "GroupAuthorizationException",
  CLUSTER_AUTHORIZATION_FAILED: "ClusterAuthorizationException",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "TransactionalIdAuthorizationException",
  TOPIC_ALREADY_EXISTS: "TopicExistsException",
  INVALID_CONFIG: "InvalidConfigurationException",
  KAFKA_STORAGE_ERROR: "KafkaStorageException",
  UNSUPPORTED_FOR_MESSAGE_FORMAT: "UnsupportedForMessageFormatException",
  OUT_OF_ORDER_SEQUENCE_NUMBER: "OutOfOrderSequenceException",
  DUPLICATE_SEQUENCE_NUMBER: "DuplicateSequenceException",
  DELEGATION_TOKEN_AUTH_DISABLED: "DelegationTokenDisabledException",
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: "UnsupportedByAuthenticationException",
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: "DelegationTokenAuthorizationException",
  NON_EMPTY_GROUP: "GroupNotEmptyException",
  INVALID_PRODUCER_ID_MAPPING: "InvalidPidMappingException",
  ELIGIBLE_LEADERS_NOT_AVAILABLE: "EligibleLeadersNotAvailableException",
};

/** What Kafka's tools print where a broker's answer has a code only. */
const SENTENCES: ReadonlyMap<number, string> = new Map([
  [Errors.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition."],
  [Errors.OFFSET_OUT_OF_RANGE, "The requested offset is not within the range of offsets maintained by the server."],
  [Errors.DELEGATION_TOKEN_AUTH_DISABLED, "Delegation Token feature is not enabled."],
  [Errors.DELEGATION_TOKEN_NOT_FOUND, "Delegation Token is not found on server."],
  [Errors.DELEGATION_TOKEN_OWNER_MISMATCH, "Specified Principal is not valid Owner/Renewer."],
  [
    Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED,
    "Delegation Token requests are not allowed on PLAINTEXT/1-way SSL channels and on delegation token authenticated channels.",
  ],
  [Errors.DELEGATION_TOKEN_AUTHORIZATION_FAILED, "Delegation Token authorization failed."],
  [Errors.DELEGATION_TOKEN_EXPIRED, "Delegation Token is expired."],
  [Errors.INVALID_PRINCIPAL_TYPE, "Supplied principalType is not supported."],
  [Errors.GROUP_ID_NOT_FOUND, "The group id does not exist."],
  [Errors.NON_EMPTY_GROUP, "The group is not empty."],
  [Errors.GROUP_SUBSCRIBED_TO_TOPIC, "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it."],
  [Errors.UNKNOWN_MEMBER_ID, "The coordinator is not aware of this member."],
]);

const NO_CONSUMER_PROTOCOL =
  "The cluster does not support the new CONSUMER group protocol. Set group.protocol=classic on the consumer configs to revert to the CLASSIC protocol until the cluster is upgraded.";

/** What Kafka's clients wait for in vain. */
export class TimedOut extends ClientError {}

/** The class's full name, a colon and the sentence; for errors that Kafka's clients have no class for, the sentence. */
export function javaLine(error: unknown): string {
  const name = javaClassOf(error);
  return name === undefined || error instanceof Disconnected ? messageOf(error) : `${name}: ${sentenceOf(error)}`;
}

/** With the cause, where the sentence leaves all open. */
export function javaTrace(error: unknown): string {
  const isOpen = error instanceof NotLetIn && error.fault === "SslAuthentication";
  return isOpen ? `${javaLine(error)}\nCaused by: ${HANDSHAKE}: ${messageOf(error)}` : javaLine(error);
}

export function javaClassOf(error: unknown): string | undefined {
  if (error instanceof Refusal) return javaClass(error.errorCode);
  if (error instanceof RecordTooLarge) return javaClass(Errors.MESSAGE_TOO_LARGE);
  if (error instanceof NotLetIn) return `${PACKAGE}${error.fault}Exception`;
  if (error instanceof NoConsumerProtocol) return javaClass(Errors.UNSUPPORTED_VERSION);
  if (error instanceof TimedOut) return javaClass(Errors.REQUEST_TIMED_OUT);
  return error instanceof Disconnected ? javaClass(Errors.NETWORK_EXCEPTION) : undefined;
}

export function javaClass(errorCode: number): string {
  const name = errorName(errorCode);
  const words = name.split("_").map((word) => word.charAt(0) + word.slice(1).toLowerCase());
  return `${PACKAGE}${NAMES[name] ?? `${words.join("")}Exception`}`;
}

/** Without the class. */
export function sentenceOf(error: unknown): string {
  if (error instanceof NotLetIn) return error.sentence;
  if (error instanceof NoConsumerProtocol) return NO_CONSUMER_PROTOCOL;
  if (!(error instanceof Refusal)) return messageOf(error);
  return error.sentence ?? sentenceFor(error.errorCode);
}

export function sentenceFor(errorCode: number): string {
  return SENTENCES.get(errorCode) ?? errorMessage(errorCode) ?? errorName(errorCode);
}

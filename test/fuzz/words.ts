// What stands in the fields of requests: by the name of the field something that makes sense there, and what no client would send.

import type { Primitive } from "../../protocol/schema/field.ts";
import type { Chance } from "./chance.ts";
import type { Persona } from "./persona.ts";

type Word = (persona: Persona, chance: Chance) => unknown;

const DISTANT_PAST = -62_135_596_800_000;

const TEXTS: readonly string[] = [
  ...[
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "fuzz-\u0000-nul",
    "\u001b[2J\u001b]0;owned\u0007",
    "line\nbreak\r\nbreak",
    "%s%n%x",
  ],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "__consumer_offsets", "__transaction_state", "__share_group_state"],
  ...[
    "fuzz-\u{1f4a9}\u{1f468}\u200d\u{1f469}",
    "\u202efuzz",
    "\ufeff",
    "e\u0301".repeat(50),
    "\u0130\u0131\u00df",
    "fuzz.a",
    "fuzz_a",
    "FUZZ-1",
    "*",
    "User:*",
  ],
  ...[
    "f".repeat(249),
    "f".repeat(250),
    "(a+)+$",
    "(((((.*)*)*)*)*)*",
    "[",
    "(?=a)",
    "\\p{IsGreek}{1000}{1000}",
    "$\u007bjndi:ldap://x}",
    "null",
    "-1",
  ],
  ...["9223372036854775808", "NaN", "1e400", "0x10", "true", "fuzz-0", "fuzz-classic-0", "fuzz-consumer-0", "fuzz-share-0", "1", "broker"],
];
/** Made when they are drawn. */
const LONG_TEXTS = [1000, 32_767, 32_768, 100_000];

const SETTINGS: readonly (readonly [string, readonly string[]])[] = [
  ["cleanup.policy", ["compact", "delete", "compact,delete", "nothing"]],
  ["segment.bytes", ["1048576", "0", "-1", "14"]],
  ["segment.ms", ["1", "100", "9223372036854775807"]],
  ["retention.ms", ["1", "-1", "-2", "1000"]],
  ["retention.bytes", ["1", "-1", "100000"]],
  ["max.message.bytes", ["0", "100", "2000000", "2147483647", "-1"]],
  ["compression.type", ["gzip", "snappy", "lz4", "zstd", "uncompressed", "producer", "brotli"]],
  ["message.timestamp.type", ["LogAppendTime", "CreateTime"]],
  ["message.timestamp.before.max.ms", ["0", "1000", "9223372036854775807"]],
  ["min.insync.replicas", ["1", "2", "0"]],
  ["flush.messages", ["1", "9223372036854775807"]],
  ["min.cleanable.dirty.ratio", ["0", "1", "NaN", "0.01"]],
  ["delete.retention.ms", ["0", "1"]],
  ["consumer.session.timeout.ms", ["1", "45000", "2147483647"]],
  ["share.record.lock.duration.ms", ["1", "15000", "60000"]],
  ["share.auto.offset.reset", ["earliest", "latest", "by_duration:PT1H", "by_duration:P999999999D"]],
  ["streams.num.standby.replicas", ["0", "1", "1000"]],
  ["metrics", ["", "*", "org.apache.kafka"]],
  ["interval.ms", ["100", "0", "3600001"]],
  ["match", ["client_id=(a+)+", "client_id=.*", "no"]],
  ["no.such.setting", ["x"]],
];

/** What a regular expression that is tried in every way does not get over. */
const MANY_LETTERS = `${"a".repeat(60)}_b`;
const OTHERS_TOPICS = [
  "neighbour",
  "neighbour-transactions",
  "__consumer_offsets",
  "__transaction_state",
  "__share_group_state",
  MANY_LETTERS,
];

const topicName: Word = (persona, chance) => {
  if (chance.oneIn(40)) return chance.pick(OTHERS_TOPICS);
  return chance.oneIn(4) ? `fuzz-${chance.below(16)}` : persona.topic;
};
const groupName: Word = ({ group }, chance) => {
  if (chance.oneIn(60)) return "neighbour";
  return chance.oneIn(6) ? `fuzz-${chance.pick(["classic", "consumer", "share", "streams"])}-0` : group;
};
const transactionalId: Word = (persona, chance) => (chance.oneIn(60) ? "neighbour-transactions" : persona.transactionalId);
const partition: Word = (_, chance) => chance.pick([0, 0, 0, 1, 2, 3, -1, 9, 2_147_483_647]);
const smallEpoch: Word = (_, chance) => chance.pick([-1, -1, 0, 0, 1, 2, -2, 100]);
const offset: Word = (persona, chance) =>
  chance.oneIn(3) ? (persona.told("baseOffset") ?? 0) : chance.pick([0, 0, 1, 5, 100, -1, -2, Number.MAX_SAFE_INTEGER]);
const milliseconds: Word = (_, chance) => chance.pick([0, 1, 5, 50, 1000, 30_000, -1, 2_147_483_647]);
const byteCount: Word = (_, chance) => chance.pick([0, 1, 1000, 65_536, 1_048_576, 52_428_800, 2_147_483_647, -1]);
const host: Word = (_, chance) => chance.pick(["*", "127.0.0.1", "::1", "localhost", "no such host"]);
const resourceName: Word = (persona, chance) => chance.pick([persona.topic, persona.group, "1", "", "fuzz-metrics", "kafka-cluster", "*"]);
const principal: Word = (_, chance) => chance.pick(["User:fuzz", "User:*", "User:ANONYMOUS", "Group:x", "nobody", "User:"]);
const smallEnum: Word = (_, chance) => chance.pick([0, 1, 2, 3, 4, 5, 6, 16, -1, 127]);
const sessionEpoch =
  (what: string): Word =>
  (persona, chance) => {
    if (chance.oneIn(5)) return chance.pick([-1, 0, 1, 2_147_483_647]);
    if (chance.oneIn(6)) persona.startAgain(what);
    return persona.count(what);
  };

/** Fields that a "memberId" of their own group decides. */
const memberId: Word = (persona, chance) => {
  const told = persona.told("memberId");
  return chance.weighted<unknown>([
    [6, told ?? ""],
    [3, persona.memberId],
    [1, ""],
  ]);
};
const memberEpoch: Word = (persona, chance) =>
  chance.weighted<unknown>([
    [5, persona.told("memberEpoch") ?? 0],
    [3, 0],
    [1, -1],
    [1, -2],
  ]);

/** By the name of the field, or of the array or struct around it and the field. */
const WORDS: Readonly<Record<string, Word>> = {
  topic: topicName,
  topicName,
  topicNames: topicName,
  subscribedTopicNames: topicName,
  sourceTopics: topicName,
  repartitionSinkTopics: topicName,
  "topics.name": topicName,
  "topicData.name": topicName,
  name: topicName,
  "protocols.name": (_, chance) => chance.pick(["range", "roundrobin", "cooperative-sticky", ""]),
  "configs.name": (_, chance) => chance.pick(SETTINGS)[0],
  "configs.value": (_, chance) => chance.pick(chance.pick(SETTINGS)[1]),
  configurationKeys: (_, chance) => chance.pick(SETTINGS)[0],
  groupId: groupName,
  groups: groupName,
  groupIds: groupName,
  groupsNames: groupName,
  key: groupName,
  coordinatorKeys: groupName,
  keyType: (_, chance) => chance.pick([0, 0, 1, 2, 3, -1]),
  transactionalId,
  transactionalIds: transactionalId,
  v3AndBelowTransactionalId: transactionalId,
  transactionalIdPattern: (_, chance) => chance.pick(["fuzz.*", "(a|a)*b", "(x+x+)+y", "[", ".*.*.*.*.*=.*"]),
  subscribedTopicRegex: (_, chance) => chance.pick(["fuzz-.*", ".*", "(a+)+$", "[z-a]", "", "((fuzz)|-)*{999}"]),
  sourceTopicRegex: (_, chance) => chance.pick(["fuzz-[0-3]", "(a+)+$", ")"]),
  memberId,
  memberEpoch,
  groupInstanceId: (persona, chance) => (chance.oneIn(3) ? persona.instanceId : null),
  instanceId: (persona, chance) => (chance.oneIn(4) ? persona.instanceId : null),
  processId: (_, chance) => `process-${chance.below(3)}`,
  protocolType: () => "consumer",
  serverAssignor: (_, chance) => chance.pick(["uniform", "range", "uniform", "none"]),
  subtopologyId: (_, chance) => `${chance.below(3)}`,
  partition,
  index: partition,
  partitionIndex: partition,
  partitions: partition,
  partitionIndexes: partition,
  leaderEpoch: smallEpoch,
  currentLeaderEpoch: smallEpoch,
  lastFetchedEpoch: smallEpoch,
  committedLeaderEpoch: smallEpoch,
  coordinatorEpoch: smallEpoch,
  stateEpoch: smallEpoch,
  fetchOffset: offset,
  offset,
  startOffset: offset,
  committedOffset: offset,
  firstOffset: offset,
  lastOffset: offset,
  highWatermark: offset,
  timestamp: (_, chance) => chance.pick([-1, -2, -3, -4, -5, -6, 0, 1_700_000_000_000, DISTANT_PAST, Number.MAX_SAFE_INTEGER]),
  acks: (_, chance) => chance.pick([-1, -1, 1, 1, 0, 2, -32_768]),
  timeoutMs: (_, chance) => chance.pick([1000, 30_000, 0, -1, 2_147_483_647]),
  maxWaitMs: (_, chance) => chance.pick([0, 0, 1, 5, 20, 100, -1, 2_147_483_647]),
  minBytes: (_, chance) => chance.pick([0, 0, 1, 1, 1, 100, -1, 2_147_483_647]),
  maxBytes: byteCount,
  partitionMaxBytes: byteCount,
  maxRecords: (_, chance) => chance.pick([1, 10, 500, 0, -1, 2_147_483_647]),
  batchSize: (_, chance) => chance.pick([1, 10, 500, 0, -1, 2_147_483_647]),
  shareSessionEpoch: sessionEpoch("shareSessionEpoch"),
  sessionEpoch: sessionEpoch("sessionEpoch"),
  acknowledgeTypes: (_, chance) => chance.pick([0, 1, 1, 2, 3, 4, -1]),
  isolationLevel: (_, chance) => chance.pick([0, 1, 2, -1]),
  replicaId: (_, chance) => chance.pick([-1, -1, -1, -2, 1, 2]),
  sessionTimeoutMs: (_, chance) => chance.pick([6000, 10_000, 10_000, 30_000, 0, -1, 2_147_483_647]),
  rebalanceTimeoutMs: milliseconds,
  transactionTimeoutMs: (_, chance) => chance.pick([1000, 60_000, 60_000, 100, 0, -1, 2_147_483_647]),
  numPartitions: (_, chance) => chance.pick([1, 1, 2, 4, -1, 0, 50, 2_147_483_647]),
  count: (_, chance) => chance.pick([1, 2, 4, 5, 0, -1, 60, 2_147_483_647]),
  replicationFactor: (_, chance) => chance.pick([1, 1, -1, -1, 0, 3, 32_767]),
  brokerIds: () => 1,
  replicas: () => 1,
  brokerId: (_, chance) => chance.pick([2, 3, -1, 2_147_483_647]),
  resourceType: (_, chance) => chance.pick([2, 2, 4, 8, 16, 32, 0, 1, 3, -1]),
  resourceName,
  resourceNameFilter: resourceName,
  principal,
  principalFilter: principal,
  principalType: () => "User",
  ownerPrincipalType: () => "User",
  principalName: (_, chance) => chance.pick(["fuzz", "ANONYMOUS", "nobody"]),
  host,
  hostFilter: host,
  operation: smallEnum,
  permissionType: smallEnum,
  resourceTypeFilter: smallEnum,
  resourcePatternType: smallEnum,
  patternTypeFilter: smallEnum,
  configOperation: (_, chance) => chance.pick([0, 0, 1, 2, 3, 4, -1]),
  mechanism: (_, chance) => chance.pick(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI", "plain"]),
  entityType: (_, chance) => chance.pick(["user", "client-id", "ip", "brokers", "USER"]),
  entityName: (_, chance) => chance.pick(["fuzz", null, "10.0.0.1", "no ip"]),
  "ops.key": (_, chance) =>
    // Not how often connections may come: all strangers after it would have to wait.
    chance.pick(["producer_byte_rate", "consumer_byte_rate", "request_percentage", "none"]),
  feature: (_, chance) => chance.pick(["metadata.version", "group.version", "transaction.version", "share.version", "nothing"]),
  states: (_, chance) => chance.pick(["Ongoing", "Empty", "?"]),
  stateFilters: (_, chance) => chance.pick(["Ongoing", "Empty", "?"]),
  path: (_, chance) => chance.pick(["/tmp", "", "/data", "../.."]),
  clientSoftwareName: () => "fuzz",
  clientSoftwareVersion: () => "1.0",
  transactionVersion: (_, chance) => chance.pick([0, 1, 2]),
};

/** What makes sense in a field, as far as anything is known about it. */
export function likelyWord(field: { name: string; parent: string; type: Primitive }, persona: Persona, chance: Chance): unknown {
  const { name, parent, type } = field;
  if (name === "topicId" || name === "directoryId") return persona.topicIds.any(chance);
  const known = WORDS[`${parent}.${name}`] ?? WORDS[name];
  const word = known?.(persona, chance);
  if (word === null || fits(word, type)) return word;
  const told = persona.told(name);
  return told !== undefined && fits(told, type) ? told : oddWord(type, chance, "mild");
}

function fits(word: unknown, type: Primitive): boolean {
  if (type === "string" || type === "uuid") return typeof word === "string";
  if (type === "bytes" || type === "records") return Buffer.isBuffer(word);
  return type === "bool" ? typeof word === "boolean" : typeof word === "number";
}

const INTEGER_BITS: { readonly [type in Primitive]?: number } = { int8: 8, int16: 16, uint16: 16, int32: 32 };

/** Any value of a type; "mild": small ones. */
export function oddWord(type: Primitive, chance: Chance, degree: "mild" | "wild"): unknown {
  const isWild = degree === "wild";
  if (type === "bool") return chance.oneIn(2);
  if (type === "string") return isWild ? oddText(chance) : chance.pick(TEXTS.slice(-11));
  if (type === "bytes" || type === "records") return chance.bytes(isWild ? chance.pick([0, 1, 7, 100, 5000]) : chance.below(40));
  if (type === "uuid") return chance.bytes(16).toString("base64url");
  if (type === "float64") return chance.pick([0, -0, 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -1e308]);
  if (!isWild) return chance.pick([0, 0, 1, 1, 2, 3, -1, 100]);
  const bits = INTEGER_BITS[type];
  if (bits !== undefined)
    return chance.pick([0, 1, -1, -2, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), chance.below(2 ** bits) - 2 ** (bits - 1)]);
  return chance.pick([
    0,
    1,
    -1,
    -2,
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
    2 ** 63,
    -(2 ** 63),
    2 ** 31,
    2 ** 32,
    DISTANT_PAST,
  ]);
}

function oddText(chance: Chance): string {
  if (chance.oneIn(60)) return "x".repeat(chance.pick(LONG_TEXTS));
  return chance.pick(TEXTS);
}

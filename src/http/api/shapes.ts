// What is asked and answered under /api, as schemas: input is checked by them, the page of OpenAPI is derived from them, and whoever asks in
// TypeScript imports the types. Names of fields are Kafka's. Times are milliseconds since 1970, offsets and sizes whole numbers.
//
//   POST   /api/kafka/{api}                                           a request of Kafka's protocol, and its response, as JSON
//   GET    /api/topics/{topic}/records                                RecordsQuery → a RecordLine a line
//   GET    /api/topics/{topic}/partitions/{partition}/records/{offset}   one record, whole → StoredRecord
//   POST   /api/topics/{topic}/records                                { records: NewRecord[] } → Produced
//   GET    /api/overview                                              → Overview
//   GET    /api/clients                                               → Clients
//   GET    /api/groups/{group}/rebalances                             → Rebalances
//   GET    /api/requests                                              inspectQuery → an InspectLine a line
//   GET    /api/explain                                               explainQuery → Explanation; where the broker is a test's
//   GET, POST, DELETE /api/faults, DELETE /api/faults/{id}            FaultBody → Faults; where the broker is a test's
//
// `Overview.serves` says which of them are there. Whatever fails is a problem (RFC 9457): { type, title, status, detail }.

import type { InferInput, InferOutput } from "valibot";
import { valibot as v } from "../web-framework.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const whole = v.pipe(v.number(), v.integer());
const nullable = <Schema extends v.GenericSchema>(schema: Schema) => v.nullable(schema);
export const wholeText = v.pipe(v.string(), v.regex(/^-?\d{1,16}$/, "a whole number"), v.transform(Number));
const flagText = v.pipe(
  v.picklist(["true", "false"]),
  v.transform((text) => text === "true"),
);
const listText = v.pipe(
  v.string(),
  v.transform((text) => text.split(",").filter((each) => each !== "")),
);

// ---- Kafka's protocol

/** Fields by their names in Kafka's message definitions, in camel case; what is left out has its default. Bytes are base64, uuids as Kafka prints them. */
export const kafkaBody = v.record(v.string(), v.unknown());
export const kafkaQuery = v.object({ version: v.optional(wholeText), broker: v.optional(wholeText) });

// ---- records

/** Bytes of a key, a value or a header: as text where they are valid UTF-8, else base64. */
export const content = v.object({
  text: v.optional(v.string()),
  base64: v.optional(v.string()),
  /** Of the whole. */
  sizeBytes: count,
  /** There is more of it than what stands here. */
  isCut: v.boolean(),
});
export type Content = InferOutput<typeof content>;

export const storedRecord = v.object({
  kind: v.literal("record"),
  partition: count,
  offset: count,
  timestamp: whole,
  timestampType: v.picklist(["CreateTime", "LogAppendTime"]),
  key: nullable(content),
  /** `null`: a tombstone. Of a control record nothing. */
  value: nullable(content),
  headers: v.array(v.object({ key: v.string(), value: nullable(content) })),
  /** Of key, value and headers. */
  sizeBytes: count,
  compression: v.picklist(["none", "gzip", "snappy", "lz4", "zstd"]),
  leaderEpoch: whole,
  /** `null` where its producer has no id. */
  producer: nullable(v.object({ id: whole, epoch: whole, sequence: whole })),
  /** "open": readers of committed records do not get it yet, for its own transaction or one before it is open. */
  transaction: v.picklist(["none", "committed", "aborted", "open"]),
  /** The marker that ends a transaction, else `null`. */
  control: nullable(v.picklist(["commit", "abort", "other"])),
});
export type StoredRecord = InferOutput<typeof storedRecord>;

/** Where a reader goes on in a partition. */
export const position = v.object({ partition: count, offset: count });
export type Position = InferOutput<typeof position>;

export const recordLine = v.variant("kind", [
  storedRecord,
  /** The last line of what does not go on. `next`: what is asked for to go on, of partitions that were read. */
  v.object({ kind: v.literal("end"), why: v.picklist(["limit", "read"]), next: v.array(position) }),
  /** With `live`: what was there has been sent, what comes now is new. */
  v.object({ kind: v.literal("live") }),
  /** A partition cannot be read; others go on. */
  v.object({ kind: v.literal("problem"), partition: count, error: v.string(), message: v.string() }),
]);
export type RecordLine = InferOutput<typeof recordLine>;

export const recordsQuery = v.object({
  /** Numbers with commas in between; all unless given. */
  partitions: v.optional(v.pipe(listText, v.array(wholeText))),
  /** "latest": the newest `limit` of all partitions together, oldest first. */
  from: v.optional(v.picklist(["earliest", "latest", "offset", "timestamp"]), "latest"),
  /** Where from=offset: in each partition. */
  offset: v.optional(wholeText),
  /** Where from=timestamp: the first record that is as young, in each partition. */
  timestamp: v.optional(wholeText),
  /** With `live` it bounds what was there before, where from=latest, and nothing else. */
  limit: v.optional(v.pipe(wholeText, v.minValue(0), v.maxValue(1_000_000)), "100"),
  /** Goes on with what is appended. */
  live: v.optional(flagText, "false"),
  isolation: v.optional(v.picklist(["all", "committed"]), "all"),
  /** Keys, values and headers are cut at so many bytes. */
  cut: v.optional(v.pipe(wholeText, v.minValue(0), v.maxValue(1_048_576)), "4096"),
});
export type RecordsQuery = InferInput<typeof recordsQuery>;

/** Text, or bytes as base64. What records have been answered with can be given back. */
export const newContent = v.nullish(v.union([v.string(), v.object({ text: v.string() }), v.object({ base64: v.string() })]));

export const newRecord = v.object({
  key: newContent,
  /** `null` or left out: a tombstone. */
  value: newContent,
  headers: v.optional(v.array(v.object({ key: v.string(), value: newContent })), []),
  /** By its key unless given, as clients do it; by turns where there is no key. */
  partition: v.optional(count),
  timestamp: v.optional(count),
});
export type NewRecord = InferInput<typeof newRecord>;

export const produceBody = v.object({ records: v.pipe(v.array(newRecord), v.minLength(1), v.maxLength(10_000)) });

export const produced = v.object({
  /** In the order in which they were given. Where all of them failed with one error, that is a problem instead. */
  records: v.array(
    v.object({
      partition: whole,
      offset: nullable(count),
      timestamp: nullable(whole),
      /** Kafka's name of it: "NONE". */
      error: v.string(),
      message: nullable(v.string()),
    }),
  ),
});
export type Produced = InferOutput<typeof produced>;

// ---- what the protocol does not tell

export const SERVES = ["clients", "rebalances", "requests", "explain", "faults"] as const;

export const overview = v.object({
  version: v.string(),
  clusterId: v.string(),
  /** The broker that answers. */
  brokerId: count,
  startedMs: count,
  nodeVersion: v.string(),
  brokers: v.array(
    v.object({ id: count, rack: nullable(v.string()), host: v.string(), port: count, listener: v.string(), isController: v.boolean() }),
  ),
  me: v.object({
    /** "User:ANONYMOUS" where nobody logs in. */
    principal: v.string(),
    remoteAddress: v.string(),
    hasLoggedIn: v.boolean(),
    /** Without access rules everybody may do everything. */
    areRulesInForce: v.boolean(),
    /** On the cluster: Kafka's names of operations. */
    clusterOperations: v.array(v.string()),
  }),
  features: v.array(v.object({ name: v.string(), level: count })),
  /** What may be sent to /api/kafka, and what this broker serves of it. */
  apis: v.array(v.object({ name: v.string(), key: count, lowest: count, highest: count })),
  topicCount: count,
  partitionCount: count,
  /** Made by startBroker, in a test. */
  isTest: v.boolean(),
  /** Which of the routes under /api are there and open to who asks; those before them always are. */
  serves: v.array(v.picklist(SERVES)),
});
export type Overview = InferOutput<typeof overview>;

export const clients = v.object({
  brokerId: count,
  nowMs: count,
  connections: v.array(
    v.object({
      /** As long as the broker runs. */
      id: v.string(),
      listener: v.string(),
      protocol: v.picklist(["kafka", "http"]),
      isSecure: v.boolean(),
      principal: v.string(),
      remoteAddress: v.string(),
      remotePort: count,
      /** As its last request gave it. */
      clientId: v.string(),
      softwareName: v.string(),
      softwareVersion: v.string(),
      /** Of a broker of the cluster. */
      peerBrokerId: nullable(count),
      sinceMs: count,
      lastActiveMs: count,
      /** It is not heard for having used too much. */
      isThrottled: v.boolean(),
      throttledCount: count,
      /** It waits for an answer. */
      inFlight: nullable(v.object({ api: v.string(), version: count })),
      apis: v.array(
        v.object({
          name: v.string(),
          version: count,
          count,
          errors: v.array(v.object({ error: v.string(), count })),
        }),
      ),
    }),
  ),
});
export type Clients = InferOutput<typeof clients>;

/** Why a group rebalanced. */
export const REBALANCE_REASONS = [
  "memberJoined",
  "memberRejoined",
  "memberLeft",
  "sessionExpired",
  "rebalanceTimedOut",
  "disconnected",
  "subscriptionChanged",
  "topicsChanged",
  "asked",
  "other",
] as const;

export const rebalances = v.object({
  group: v.string(),
  /** The broker that coordinates it. */
  coordinator: count,
  nowMs: count,
  /** What stands between the group and stability now, in sentences. */
  obstacles: v.array(v.string()),
  /** The newest first; of older ones nothing is kept. */
  rebalances: v.array(
    v.object({
      /** Generation of a classic group, else its epoch: the one that the rebalance led to, as far as it has. */
      epoch: whole,
      beganMs: count,
      /** `null`: it goes on. */
      endedMs: nullable(count),
      reasons: v.array(
        v.object({
          atMs: count,
          kind: v.picklist(REBALANCE_REASONS),
          /** Empty where it is about no member. */
          memberId: v.string(),
          clientId: v.string(),
          /** In a sentence. */
          text: v.string(),
        }),
      ),
      /** Who came last, and for how long the others waited for it. */
      waitedFor: v.array(v.object({ memberId: v.string(), clientId: v.string(), ms: count, text: v.string() })),
      memberCount: count,
    }),
  ),
});
export type Rebalances = InferOutput<typeof rebalances>;

export const inspectQuery = v.object({
  /** Part of a client id, a principal, an address or a software's name. */
  client: v.optional(v.string()),
  /** Names of APIs with commas in between. */
  api: v.optional(listText),
  /** Kafka's name of an error, or "any". */
  error: v.optional(v.string()),
  /** What is more than that is counted, not shown. */
  perSecond: v.optional(v.pipe(wholeText, v.minValue(1), v.maxValue(500)), "50"),
  /** Texts and bytes are cut at so many characters, lists at as many entries. */
  cut: v.optional(v.pipe(wholeText, v.minValue(0), v.maxValue(65_536)), "256"),
});

export const inspectLine = v.variant("kind", [
  v.object({
    kind: v.literal("request"),
    /** When it was taken up. */
    atMs: count,
    api: v.string(),
    version: count,
    clientId: v.string(),
    principal: v.string(),
    remoteAddress: v.string(),
    remotePort: count,
    software: v.string(),
    listener: v.string(),
    request: v.record(v.string(), v.unknown()),
    /** `null`: there is none, by the request's wish or since its connection was ended. */
    response: nullable(v.record(v.string(), v.unknown())),
    /** Names of those that the response tells, each once. */
    errors: v.array(v.string()),
    durationMs: v.number(),
  }),
  /** So many fitted and were not shown. */
  v.object({ kind: v.literal("skipped"), count }),
]);
export type InspectLine = InferOutput<typeof inspectLine>;

export const explainQuery = v.object({ group: v.pipe(v.string(), v.minLength(1)), topic: v.optional(v.string()) });

export const explanation = v.object({
  group: v.string(),
  /** Why it is not stable; none where it is. */
  unstable: v.array(v.string()),
  /** Why it has not got records, in sentences. */
  undelivered: v.array(v.string()),
});
export type Explanation = InferOutput<typeof explanation>;

/** A rule as `faults.add` takes it. */
export const faultBody = v.object({
  api: v.string(),
  where: v.optional(v.record(v.string(), v.union([v.string(), v.number()]))),
  action: v.looseObject({ type: v.string() }),
  times: v.optional(count),
  after: v.optional(count),
  probability: v.optional(v.number()),
  seed: v.optional(whole),
});
export type FaultBody = InferInput<typeof faultBody>;

export const faults = v.object({ faults: v.array(v.object({ id: v.string(), rule: faultBody, struck: count })) });
export type Faults = InferOutput<typeof faults>;

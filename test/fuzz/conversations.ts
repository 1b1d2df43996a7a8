// What strangers talk about: a conversation is APIs in an order in which clients ask them, so that a connection reaches what lies behind a
// group's generation, an open transaction or a share session. In between anything else is asked.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as messages from "../../protocol/messages/index.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Chance } from "./chance.ts";

const {
  addOffsetsToTxn,
  addPartitionsToTxn,
  alterShareGroupOffsets,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  createPartitions,
  createTopics,
  deleteGroups,
  deleteRecords,
  deleteTopics,
  describeGroups,
  describeProducers,
  describeShareGroupOffsets,
  describeTransactions,
  endTxn,
  fetch,
  findCoordinator,
  heartbeat,
  incrementalAlterConfigs,
  initProducerId,
  joinGroup,
  leaveGroup,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  produce,
  shareAcknowledge,
  shareFetch,
  shareGroupDescribe,
  shareGroupHeartbeat,
  streamsGroupDescribe,
  streamsGroupHeartbeat,
  syncGroup,
  txnOffsetCommit,
} = messages;

const CONVERSATIONS: readonly (readonly [weight: number, apis: readonly Api[]])[] = [
  [3, [metadata, produce, produce, fetch, listOffsets, deleteRecords, fetch]],
  [2, [createTopics, metadata, produce, createPartitions, produce, fetch, incrementalAlterConfigs, deleteTopics]],
  [3, [findCoordinator, joinGroup, joinGroup, syncGroup, heartbeat, offsetCommit, offsetFetch, heartbeat, describeGroups, leaveGroup]],
  [3, [initProducerId, addPartitionsToTxn, produce, addOffsetsToTxn, txnOffsetCommit, endTxn, produce, endTxn, describeTransactions]],
  [1, [initProducerId, produce, produce, produce, describeProducers]],
  [
    2,
    [
      consumerGroupHeartbeat,
      consumerGroupHeartbeat,
      offsetCommit,
      offsetFetch,
      consumerGroupDescribe,
      consumerGroupHeartbeat,
      deleteGroups,
    ],
  ],
  [2, [shareGroupHeartbeat, produce, shareGroupHeartbeat, shareFetch, shareAcknowledge, shareFetch, shareGroupDescribe]],
  [1, [describeShareGroupOffsets, alterShareGroupOffsets, shareFetch, deleteGroups]],
  [2, [streamsGroupHeartbeat, streamsGroupHeartbeat, offsetCommit, streamsGroupDescribe, streamsGroupHeartbeat]],
  [4, messages.apis],
];
const APART_ONE_IN = 8;

/** Which API comes next, without an end. */
export function* conversation(chance: Chance): Generator<Api, never, undefined> {
  const apis = chance.weighted(CONVERSATIONS);
  const isMixed = apis === messages.apis;
  for (let at = 0; ; at++) {
    const isApart = isMixed || chance.oneIn(APART_ONE_IN);
    const next = isApart ? chance.pick(messages.apis) : apis[at % apis.length];
    yield next ?? metadata;
  }
}

const golden = join(import.meta.dirname, "../golden");
let recorded: readonly Buffer[] | undefined;

/** A request that a real client once sent, header and body. */
export function recordedRequest(chance: Chance): Buffer {
  recorded ??= readdirSync(golden)
    .filter((file) => file.endsWith(".jsonl"))
    .flatMap((file) => readFileSync(join(golden, file), "utf8").split("\n"))
    .filter((line) => line.includes('"request"'))
    .map((line) => Buffer.from((JSON.parse(line) as { readonly bytes: string }).bytes, "base64"));
  return Buffer.from(chance.pick(recorded));
}

// A request, an answer or a record as the facts have it: names instead of ids, errors by name, partitions by topic, bytes of the consumer
// protocol read. What says nothing is left out: null, no error, no throttling. What comes in no order of its own is sorted.

import { errorName } from "../../protocol/errors.ts";
import { decodeAssignment, decodeSubscription } from "../../protocol/state/consumer-protocol.ts";
import type { Names } from "./names.ts";

export type Shown = boolean | number | string | readonly Shown[] | { readonly [name: string]: Shown };

/** By the clock. */
const TIMES = ["timestamp", "commitTimestamp", "expireTimestamp", "currentStateTimestamp", "assignmentTimestamp"];
const SUBSCRIPTIONS = ["metadata", "memberMetadata", "subscription"];
const ASSIGNMENTS = ["assignment", "memberAssignment"];
/** Sets of names, in whatever order they are held. */
const SETS = ["subscribedTopicNames", "sourceTopics", "repartitionSinkTopics"];
const SORTED_BY = ["partitionIndex", "memberId", "groupId", "group", "name", "topicId", "subtopologyId", "userEndpoint", "key"];
const NOT_ASKED = -2147483648;

export function show(value: unknown, names: Names, key = ""): Shown | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") return showNumber(Number(value), key);
  if (typeof value === "string") return key === "statusDetail" ? withSortedNames(names.in(value)) : names.in(value);
  if (Buffer.isBuffer(value)) return showBytes(value, names, key);
  if (Array.isArray(value)) return SETS.includes(key) ? showList(value.toSorted(), names) : showList(value, names);
  const entries = Object.entries(value as Record<string, unknown>);
  const [[onlyName, onlyValue] = [], ...others] = entries;
  if (onlyName === "topicPartitions" && others.length === 0) return show(onlyValue, names) ?? {};
  return Object.fromEntries(
    entries.flatMap(([name, element]) => {
      const shown = show(element, names, name);
      return shown === undefined ? [] : [[name === "errorCode" ? "error" : name === "errorMessage" ? "message" : name, shown]];
    }),
  );
}

/** Kafka names missing topics in the order of a hash map. */
function withSortedNames(detail: string): string {
  return detail.replace(/(?<=missing: )[^;, ]+(, [^;, ]+)*/, (names) => names.split(", ").sort().join(", "));
}

/** In one line, with few quotes: it is read, not parsed. */
export function render(shown: Shown): string {
  if (typeof shown === "string") return `'${shown}'`;
  if (typeof shown !== "object") return `${shown}`;
  if (isList(shown)) return `[${shown.map(render).join(",")}]`;
  return `{${Object.entries(shown)
    .map(([name, value]) => `${name}:${render(value)}`)
    .join(",")}}`;
}

function isList(shown: Shown): shown is readonly Shown[] {
  return Array.isArray(shown);
}

function showNumber(value: number, key: string): Shown | undefined {
  if (key === "errorCode") return value === 0 ? undefined : errorName(value);
  if (key === "throttleTimeMs" && value === 0) return undefined;
  if (key === "authorizedOperations" && value === NOT_ASKED) return undefined;
  if (TIMES.includes(key)) return value > 0 ? "<time>" : value;
  return value;
}

function showBytes(bytes: Buffer, names: Names, key: string): Shown {
  if (bytes.length === 0) return "";
  try {
    if (SUBSCRIPTIONS.includes(key)) {
      const { version, subscription } = decodeSubscription(bytes);
      return { version, ...(show(subscription, names) as object) };
    }
    if (ASSIGNMENTS.includes(key)) {
      const { version, assignment } = decodeAssignment(bytes);
      return { version, ...(show(assignment, names) as object) };
    }
  } catch {
    // Not of the consumer protocol.
  }
  return `0x${bytes.toString("hex")}`;
}

function showList(list: readonly unknown[], names: Names): Shown {
  if (list.length > 0 && list.every(isPartitionsOfTopic)) return showPartitions(list, names);
  const shown = list.map((element) => show(element, names) ?? "null");
  const key = SORTED_BY.find((name) => shown.every((element) => typeof element === "object" && name in element));
  if (key === undefined)
    return shown.every((element) => typeof element === "number") ? shown.toSorted((a, b) => Number(a) - Number(b)) : shown;
  return shown.toSorted((a, b) => order(JSON.stringify(a), JSON.stringify(b)));
}

interface PartitionsOfTopic {
  readonly topicId?: string;
  readonly topicName?: string;
  readonly topic?: string;
  readonly subtopologyId?: string;
  readonly partitions: readonly number[];
  readonly assignmentEpochs?: readonly number[] | null;
}

/** Of a topic, or of a subtopology. */
const PARTITIONS_FIELDS = ["topicId", "topicName", "topic", "subtopologyId", "partitions", "assignmentEpochs"];

function isPartitionsOfTopic(element: unknown): element is PartitionsOfTopic {
  if (typeof element !== "object" || element === null || !("partitions" in element)) return false;
  const { partitions } = element;
  if (!Array.isArray(partitions) || !partitions.every((partition) => typeof partition === "number")) return false;
  return Object.keys(element).every((name) => PARTITIONS_FIELDS.includes(name));
}

/** `{ t: [0, 1] }`, with the name beside the id where both are told; `{ t: ["0@3"] }` for a partition assigned in epoch 3. */
function showPartitions(list: readonly PartitionsOfTopic[], names: Names): Shown {
  const topics = list.map(({ topicId, topicName, topic, subtopologyId, partitions, assignmentEpochs }) => {
    const id = topicId === undefined ? undefined : names.in(topicId);
    const name = topicName ?? topic ?? subtopologyId;
    const title = [id, name === undefined ? undefined : names.in(name)].filter((part) => part !== undefined);
    const numbers = partitions.map((partition, index) => {
      const epoch = assignmentEpochs?.[index];
      return epoch === undefined ? partition : `${partition}@${epoch}`;
    });
    return [[...new Set(title)].join(" "), numbers.toSorted((a, b) => Number.parseInt(`${a}`, 10) - Number.parseInt(`${b}`, 10))] as const;
  });
  return Object.fromEntries(topics.toSorted(([a], [b]) => order(a, b)));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

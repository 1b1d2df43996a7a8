// What a request is about: the topics, partitions, groups, members and transactional ids that it names. Requests differ in the names of their
// fields only, so they are found by going through the declaration. What a client does not say again is known: the partitions of its session
// of fetches, what its member of a group subscribes to and has.

import type { Decoded, Shape } from "../../protocol/schema/field.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { isRecord } from "../api/error-response.ts";
import type { Services } from "../api/services.ts";
import type { Exchange } from "../server/interceptors.ts";

export interface TopicSubject {
  readonly topic: string;
  /** Those named; none when the request is about the topic as a whole. */
  readonly partitions: readonly number[];
}

export interface Subjects {
  readonly topics: readonly TopicSubject[];
  readonly groups: readonly string[];
  readonly memberIds: readonly string[];
  readonly transactionalId: string | undefined;
}

const FETCH_KEY = 1;
const FIND_COORDINATOR_KEY = 10;
const GROUP_KEY_TYPE = 0;
const CONSUMER_GROUP_HEARTBEAT_KEY = 68;
const GROUP_FIELDS = ["groupId", "groupIds", "groupsNames", "groups"];
/** Lists whose elements name members. */
const MEMBER_LISTS = ["members", "groups"];

export function subjectsOf(services: Services, { handler, request }: Exchange): Subjects {
  const { key } = handler.api;
  const topics = topicsIn(services, request);
  if (key === FETCH_KEY) topics.push(...sessionTopics(services, request));
  if (key === CONSUMER_GROUP_HEARTBEAT_KEY) topics.push(...memberTopics(services, request));
  const transactionalId = request["transactionalId"];
  return {
    topics,
    groups: key === FIND_COORDINATOR_KEY ? coordinatorGroups(request) : groupsIn(request),
    memberIds: memberIdsIn(request),
    transactionalId: typeof transactionalId === "string" ? transactionalId : undefined,
  };
}

/** The topic that an element of a list names, by name or by id. */
export function topicNameOf(services: Services, element: unknown): string | undefined {
  if (typeof element === "string") return element;
  if (!isRecord(element)) return undefined;
  const name = element["topic"] ?? element["name"] ?? element["topicName"];
  if (typeof name === "string" && name !== "") return name;
  const id = element["topicId"];
  return typeof id === "string" && id !== ZERO_UUID ? services.cluster.image.topicsById.get(id)?.name : undefined;
}

function topicsIn(services: Services, request: Decoded<Shape>): TopicSubject[] {
  const found: TopicSubject[] = [];
  for (const [field, value] of Object.entries(request)) {
    if (!Array.isArray(value)) continue;
    if (field === "groups") for (const group of value) if (isRecord(group)) found.push(...topicsIn(services, group));
    if (!/topic/i.test(field) || /forgotten/.test(field)) continue;
    for (const element of value) {
      const topic = topicNameOf(services, element);
      if (topic !== undefined) found.push({ topic, partitions: partitionsIn(element) });
    }
  }
  return found;
}

function indexOf(partition: unknown): unknown {
  return isRecord(partition) ? (partition["partitionIndex"] ?? partition["partition"] ?? partition["index"]) : partition;
}

/** The indexes that an element of a list of topics names. */
export function partitionsIn(element: unknown): number[] {
  if (!isRecord(element)) return [];
  for (const [field, value] of Object.entries(element)) {
    if (!Array.isArray(value) || !/partition/i.test(field)) continue;
    return value.map(indexOf).filter(isNumber);
  }
  return [];
}

/** The request with what it asks of one partition of each topic apart from the rest: such a topic then comes twice in its list. */
export function withPartitionApart(request: Decoded<Shape>, partition: number): Decoded<Shape> {
  const split = (element: unknown): unknown[] => {
    const field = isRecord(element)
      ? Object.keys(element).find((name) => Array.isArray(element[name]) && /partition/i.test(name))
      : undefined;
    if (!isRecord(element) || field === undefined) return [element];
    const all: readonly unknown[] = Array.isArray(element[field]) ? element[field] : [];
    const parts = [all.filter((each) => indexOf(each) === partition), all.filter((each) => indexOf(each) !== partition)];
    return parts.filter((part) => part.length > 0).map((part) => ({ ...element, [field]: part }));
  };
  const fields = Object.entries(request).map(([name, value]) => [name, Array.isArray(value) ? value.flatMap(split) : value]);
  return Object.fromEntries(fields);
}

/** What an incremental Fetch does not repeat. */
function sessionTopics(services: Services, request: Decoded<Shape>): TopicSubject[] {
  const { sessionId, sessionEpoch } = request;
  if (!isNumber(sessionId) || !isNumber(sessionEpoch) || sessionId === 0 || sessionEpoch <= 0) return [];
  const partitions = services.fetchSessions.get(sessionId)?.partitions.values() ?? [];
  return [...partitions].map(({ topic, partition }) => ({ topic, partitions: [partition] }));
}

/** What a heartbeat does not repeat: the member's subscription, and what it has, as far as this broker coordinates its group. */
function memberTopics({ groups }: Services, request: Decoded<Shape>): TopicSubject[] {
  const { groupId, memberId } = request;
  if (typeof groupId !== "string") return [];
  const summary = groups.summary(groupId);
  const member = typeof summary === "number" ? undefined : summary.members.find((each) => each.memberId === memberId);
  if (member === undefined) return [];
  const { subscription, assignment } = member;
  const subscribed = [...subscription.topics, ...subscription.matched].map((topic) => ({ topic, partitions: [] }));
  return [...subscribed, ...assignment];
}

function memberIdsIn(request: Decoded<Shape>): string[] {
  const elements = MEMBER_LISTS.flatMap((field) => request[field] ?? []).filter(isRecord);
  return [request, ...elements].map(({ memberId }) => memberId).filter((each): each is string => typeof each === "string" && each !== "");
}

function groupsIn(request: Decoded<Shape>): string[] {
  return GROUP_FIELDS.flatMap((field) => {
    const value = request[field];
    if (typeof value === "string") return value === "" ? [] : [value];
    if (!Array.isArray(value)) return [];
    return value.map((each) => (isRecord(each) ? each["groupId"] : each)).filter((each) => typeof each === "string");
  });
}

function coordinatorGroups({ keyType, key, coordinatorKeys }: Decoded<Shape>): string[] {
  if (keyType !== GROUP_KEY_TYPE) return [];
  const keys = [key, ...(Array.isArray(coordinatorKeys) ? coordinatorKeys : [])];
  return keys.filter((each): each is string => typeof each === "string" && each !== "");
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

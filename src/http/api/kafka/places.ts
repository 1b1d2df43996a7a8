// Which broker of the cluster answers what: most requests any of them, those about partitions their leaders, those about groups and transactional
// ids their coordinators. A request may so become several, whose answers are put together again.

import { ConfigResources } from "../../../api/config-resource.ts";
import type { Services } from "../../../api/services.ts";
import { GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC } from "../../../cluster/topic-name.ts";
import type { JsonObject } from "./json-message.ts";

type Parts = ReadonlyMap<number, JsonObject>;

export interface Placing {
  /** What each broker is asked for. */
  readonly split: (request: JsonObject, where: Where) => Parts;
  readonly join: (responses: readonly JsonObject[]) => JsonObject;
}

/** Of what nobody leads this broker answers as it does. */
export class Where {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  get here(): number {
    return this.#services.brokerId;
  }

  get everywhere(): readonly number[] {
    return [...this.#services.cluster.image.brokers.keys()];
  }

  broker(id: number): number {
    return this.#services.cluster.image.brokers.has(id) ? id : this.here;
  }

  leader(topic: unknown, partition: unknown): number {
    return this.broker(this.#services.cluster.image.topicsByName.get(String(topic))?.partitions[Number(partition)]?.leader ?? -1);
  }

  group(id: unknown): number {
    return this.leader(GROUP_OFFSETS_TOPIC, this.#services.groups.partitionFor(String(id)));
  }

  transaction(id: unknown): number {
    return this.leader(TRANSACTION_STATE_TOPIC, this.#services.transactions.partitionFor(String(id)));
  }
}

type Place = (element: unknown, where: Where) => number;

const HERE: Placing = { split: (request, { here }) => new Map([[here, request]]), join: ([first = {}]) => first };

const group: Place = (element, where) => where.group(element);
const groupId: Place = (element, where) => where.group(member(element, "groupId"));
const transaction: Place = (element, where) => where.transaction(element);
const transactionalId: Place = (element, where) => where.transaction(member(element, "transactionalId"));
const OF_BROKERS: readonly unknown[] = [ConfigResources.BROKER, ConfigResources.BROKER_LOGGER];
/** Settings of brokers are told and altered by themselves. */
const resource: Place = (element, where) => {
  const name = member(element, "resourceName");
  return OF_BROKERS.includes(member(element, "resourceType")) && name !== "" ? where.broker(Number(name)) : where.here;
};
/** A marker goes to one leader: of its first partition. Others of its partitions are refused by it, and asked for one by one. */
const marker: Place = (element, where) => {
  const [first] = listOf(element, "topics");
  return where.leader(member(first, "name"), listOf(first, "partitionIndexes")[0]);
};

const PLACINGS: { readonly [api: string]: Placing } = {
  ListOffsets: byLeader("name", "partitions", "partitionIndex"),
  DeleteRecords: byLeader("name", "partitions", "partitionIndex"),
  OffsetForLeaderEpoch: byLeader("topic", "partitions", "partition"),
  DescribeProducers: byLeader("name", "partitionIndexes"),
  WriteTxnMarkers: byElement("markers", "markers", marker),
  DescribeGroups: byElement("groups", "groups", group),
  ConsumerGroupDescribe: byElement("groupIds", "groups", group),
  ShareGroupDescribe: byElement("groupIds", "groups", group),
  StreamsGroupDescribe: byElement("groupIds", "groups", group),
  DescribeShareGroupOffsets: byElement("groups", "groups", groupId),
  DeleteGroups: byElement("groupsNames", "results", group),
  OffsetFetch: byElement("groups", "groups", groupId, groupId),
  OffsetCommit: whole(groupId),
  OffsetDelete: whole(groupId),
  LeaveGroup: whole(groupId),
  AlterShareGroupOffsets: whole(groupId),
  DeleteShareGroupOffsets: whole(groupId),
  DescribeTransactions: byElement("transactionalIds", "transactionStates", transaction),
  InitProducerId: whole(transactionalId),
  EndTxn: whole(transactionalId),
  ListGroups: fromAll("groups"),
  ListTransactions: fromAll("transactionStates"),
  DescribeConfigs: byElement("resources", "results", resource),
  AlterConfigs: byElement("resources", "responses", resource),
  IncrementalAlterConfigs: byElement("resources", "responses", resource),
};

export function placingOf(api: string): Placing {
  return PLACINGS[api] ?? HERE;
}

function whole(place: Place): Placing {
  return { ...HERE, split: (request, where) => new Map([[place(request, where), request]]) };
}

/** @param old for requests of versions that have no such list */
function byElement(asked: string, answered: string, place: Place, old: Place = (_, { here }) => here): Placing {
  return {
    split: (request, where) => {
      const elements = listOf(request, asked);
      if (elements.length === 0) return new Map([[old(request, where), request]]);
      const byBroker = Map.groupBy(elements, (each) => place(each, where));
      return new Map([...byBroker].map(([broker, its]) => [broker, { ...request, [asked]: its }]));
    },
    join: joined(answered),
  };
}

function fromAll(answered: string): Placing {
  return { split: (request, { everywhere }) => new Map(everywhere.map((broker) => [broker, request])), join: joined(answered) };
}

/** Of requests of the form { topics: [{ name, partitions: [{ partitionIndex }] }] }. @param index where partitions are no numbers */
function byLeader(name: string, partitions: string, index?: string): Placing {
  return {
    split: (request, where) => {
      const asked = listOf(request, "topics").flatMap((topic) => {
        const all = listOf(topic, partitions).map((partition) => ({
          topic,
          partition,
          leader: where.leader(member(topic, name), index === undefined ? partition : member(partition, index)),
        }));
        return all.length > 0 ? all : [{ topic, partition: undefined, leader: where.here }];
      });
      if (asked.length === 0) return HERE.split(request, where);
      const ofLeader = (its: typeof asked) =>
        [...Map.groupBy(its, ({ topic }) => topic)].map(([topic, found]) => ({
          ...(topic as JsonObject),
          [partitions]: found.flatMap(({ partition }) => (partition === undefined ? [] : [partition])),
        }));
      const byBroker = Map.groupBy(asked, ({ leader }) => leader);
      return new Map([...byBroker].map(([leader, its]) => [leader, { ...request, topics: ofLeader(its) }]));
    },
    join: (responses) => {
      const all = responses.flatMap((each) => listOf(each, "topics"));
      const byName = Map.groupBy(all, (topic) => member(topic, name));
      const topics = [...byName.values()].map((its) => ({
        ...(its[0] as JsonObject),
        partitions: its.flatMap((each) => listOf(each, "partitions")),
      }));
      return { ...worst(responses), topics };
    },
  };
}

function joined(answered: string): Placing["join"] {
  return (responses) => ({ ...worst(responses), [answered]: responses.flatMap((each) => listOf(each, answered)) });
}

/** The first that tells an error for all of it, else the first. */
function worst(responses: readonly JsonObject[]): JsonObject {
  return responses.find((each) => typeof each["errorCode"] === "number" && each["errorCode"] !== 0) ?? responses[0] ?? {};
}

function member(element: unknown, name: string): unknown {
  return typeof element === "object" && element !== null ? (element as JsonObject)[name] : undefined;
}

function listOf(element: unknown, name: string): readonly unknown[] {
  const list = member(element, name);
  return Array.isArray(list) ? list : [];
}

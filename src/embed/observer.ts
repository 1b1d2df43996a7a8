// What the test kit knows of a broker's traffic: requests in flight, who fetched what last, and the events that a test may listen to. It
// stands in the dispatch of every broker and changes nothing.

import type { Decoded, Shape } from "../../protocol/schema/field.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { NO_ANSWER, type Reply } from "../api/handler.ts";
import type { Services } from "../api/services.ts";
import type { Clock } from "../base/clock.ts";
import type { Exchange, Interceptor } from "../server/interceptors.ts";
import type { Emitter } from "./events.ts";
import { type Fields, list } from "./fields.ts";
import { GroupTraffic } from "./group-traffic.ts";

/** What a client's fetches of one partition told. */
export interface FetchTrace {
  readonly clientId: string;
  readonly firstOffset: number;
  readonly offset: number;
  readonly atMs: number;
  readonly isReadCommitted: boolean;
  /** A Fetch waits for new records right now. */
  readonly isWaiting: boolean;
}

/** Requests that wait by their nature: their being open says nothing. */
const WAITING_APIS = new Set(["Fetch", "JoinGroup", "SyncGroup", "ShareFetch"]);

export class Observer {
  readonly groups: GroupTraffic;
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  readonly #fetches = new Map<string, Map<string, FetchTrace>>();
  #inFlight = 0;

  constructor(clock: Clock, emitter: Emitter) {
    this.#clock = clock;
    this.#emitter = emitter;
    this.groups = new GroupTraffic(clock, emitter);
  }

  /** Requests that the brokers work on, without those that wait for something to happen. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The latest of each client. */
  fetchesOf(topic: string, partition: number): readonly FetchTrace[] {
    return [...(this.#fetches.get(`${topic} ${partition}`)?.values() ?? [])];
  }

  interceptor(services: Services): Interceptor {
    services.shares.partitions.listen(({ kind, groupId: group, ...records }) => this.#emitter.emit(kind, { group, ...records }));
    return {
      defers: false,
      intercept: (exchange, proceed) => {
        const { name } = exchange.handler.api;
        const { apiVersion: version, clientId } = exchange.context;
        this.#emitter.emit("request", { broker: services.brokerId, api: name, version, clientId });
        const isCounted = !WAITING_APIS.has(name);
        if (isCounted) this.#inFlight++;
        try {
          const reply = proceed();
          if (name === "Fetch") this.#fetching(services, exchange, true);
          if (!(reply instanceof Promise)) {
            this.#replied(services, exchange, reply);
            if (isCounted) this.#inFlight--;
            return reply;
          }
          return reply
            .then((later) => {
              this.#replied(services, exchange, later);
              return later;
            })
            .finally(() => {
              if (isCounted) this.#inFlight--;
              if (name === "Fetch") this.#fetching(services, exchange, false);
            });
        } catch (error) {
          if (isCounted) this.#inFlight--;
          throw error;
        }
      },
    };
  }

  #fetching(services: Services, { request, context }: Exchange, isWaiting: boolean): void {
    for (const { topic, partition, offset } of fetchedPartitions(services, request)) {
      const key = `${topic} ${partition}`;
      const traces = this.#fetches.get(key) ?? new Map<string, FetchTrace>();
      this.#fetches.set(key, traces);
      const known = traces.get(context.clientId);
      traces.set(context.clientId, {
        clientId: context.clientId,
        firstOffset: known?.firstOffset ?? offset,
        offset,
        atMs: this.#clock.now(),
        isReadCommitted: request["isolationLevel"] === 1,
        isWaiting,
      });
    }
  }

  #replied(services: Services, exchange: Exchange, reply: Reply<Shape>): void {
    const answer: Fields = reply === NO_ANSWER ? {} : (reply as Fields);
    const { request, context, handler } = exchange;
    switch (handler.api.name) {
      case "Produce":
        this.#produced(services, request, answer, context.clientId);
        return;
      default:
        this.groups.replied(services, exchange, answer);
    }
  }

  #produced(services: Services, request: Decoded<Shape>, answer: Fields, clientId: string): void {
    if (request["acks"] === 0) {
      for (const topic of list(request["topicData"])) {
        for (const { index } of list(topic["partitionData"]))
          this.#emitter.emit("produce", { topic: nameOf(services, topic), partition: Number(index), baseOffset: undefined, clientId });
      }
    }
    for (const topic of list(answer["responses"])) {
      for (const { index, errorCode, baseOffset } of list(topic["partitionResponses"])) {
        if (errorCode !== 0) continue;
        this.#emitter.emit("produce", {
          topic: nameOf(services, topic),
          partition: Number(index),
          baseOffset: Number(baseOffset),
          clientId,
        });
      }
    }
  }
}

function fetchedPartitions(services: Services, request: Decoded<Shape>): { topic: string; partition: number; offset: number }[] {
  const sessionId = Number(request["sessionId"]);
  const session = sessionId > 0 ? services.fetchSessions.get(sessionId) : undefined;
  if (session !== undefined)
    return [...session.partitions.values()].map(({ topic, partition, fetchOffset }) => ({ topic, partition, offset: fetchOffset }));
  return list(request["topics"]).flatMap((topic) =>
    list(topic["partitions"]).map(({ partition, fetchOffset }) => ({
      topic: nameOf(services, topic),
      partition: Number(partition),
      offset: Number(fetchOffset),
    })),
  );
}

function nameOf(services: Services, { name, topic, topicId }: Fields): string {
  if (typeof topicId === "string" && topicId !== ZERO_UUID) {
    const known = services.cluster.image.topicsById.get(topicId)?.name;
    if (known !== undefined) return known;
  }
  return String(name ?? topic ?? "");
}

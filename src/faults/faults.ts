// Faults of a broker: rules, each of which befalls the requests that it matches. The first rule that strikes decides; delays and holds let
// the request go on to the next rule.
//
//   faults.on("Fetch").where({ topic: "orders" }).error("NOT_LEADER_OR_FOLLOWER").times(2)
//
// A rule whose error a request's version cannot carry does not strike; `skipped` says why.

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import type * as messages from "../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import { emptyValue, errorFault, errorReply, isRecord, METADATA_KEY } from "../api/error-response.ts";
import { type ClientConnection, CloseConnection, type Handler, NO_ANSWER } from "../api/handler.ts";
import type { Services } from "../api/services.ts";
import type { Clock } from "../base/clock.ts";
import type { Exchange, Interceptor, LaterReply, Proceed } from "../server/interceptors.ts";
import { type FaultAction, FaultError, type FaultFilter, type FaultMoment, type FaultRule } from "./fault-rule.ts";
import { partitionsIn, type Subjects, subjectsOf, topicNameOf, withPartitionApart } from "./request-subjects.ts";
import { SeededChance } from "./seeded-chance.ts";
import { wholeFetch } from "./whole-fetch.ts";

/** Kafka's names of APIs, as the declarations have them. */
export type ApiName = Capitalize<Exclude<keyof typeof messages, "apis" | "apiByKey" | "allApis">>;
export type ErrorName = keyof typeof Errors;

/** A request that a fault has struck. */
export interface StruckRequest {
  readonly api: string;
  readonly version: number;
  readonly clientId: string;
  readonly broker: number;
  readonly request: Readonly<Record<string, unknown>>;
}

const PRODUCE_KEY = 0;
const FETCH_KEY = 1;

/** The rules of one or of several brokers; each broker attaches it for itself. */
export class Faults {
  readonly #faults = new Set<Fault>();
  /** Each ends a throttling that goes on. */
  readonly #unmutes = new Set<() => void>();
  readonly #after: Clock["after"];
  readonly #handlers: readonly Handler[];

  constructor(surroundings: { readonly after: Clock["after"]; readonly handlers: readonly Handler[] }) {
    this.#after = surroundings.after;
    this.#handlers = surroundings.handlers;
  }

  on(api: ApiName | "*"): FaultBuilder {
    return new FaultBuilder(api, (rule) => this.add(rule));
  }

  /** Throws FaultError for an API, an error or a number that there is not, and for an error that the API never carries. */
  add(rule: FaultRule): Fault {
    this.#check(rule);
    const fault: Fault = new Fault(rule, () => this.#faults.delete(fault));
    this.#faults.add(fault);
    return fault;
  }

  get all(): readonly Fault[] {
    return [...this.#faults];
  }

  get rules(): readonly FaultRule[] {
    return [...this.#faults].map(({ rule }) => rule);
  }

  /** Takes every rule back; requests that are held go on, and connections that hold back need not any more. */
  clear(): void {
    for (const fault of [...this.#faults]) fault.remove();
    for (const unmute of this.#unmutes) unmute();
    this.#unmutes.clear();
  }

  /** What stands in the dispatch of one broker. */
  interceptor(services: Services): Interceptor {
    const faults = this.#faults;
    return {
      get defers() {
        return faults.size > 0;
      },
      intercept: (exchange, proceed) => (faults.size === 0 ? proceed() : this.#strike(services, exchange, proceed)),
    };
  }

  #strike(services: Services, exchange: Exchange, proceed: Proceed): LaterReply {
    const subjects = subjectsOf(services, exchange);
    const go = (rules: readonly Fault[]): LaterReply => {
      for (const [index, fault] of rules.entries()) {
        if (!isMatch(fault.rule, services, exchange, subjects)) continue;
        const misfit = misfitOf(fault.rule.action, exchange);
        if (misfit !== undefined) {
          fault.skip(misfit);
          continue;
        }
        if (!fault.draw()) continue;
        const rest = () => go(rules.slice(index + 1));
        return this.#act(
          fault,
          services,
          exchange,
          index === rules.length - 1 ? proceed : (request) => (request === undefined ? rest() : proceed(request)),
        );
      }
      return proceed();
    };
    return go([...this.#faults]);
  }

  #act(fault: Fault, services: Services, exchange: Exchange, proceed: Proceed): LaterReply {
    const { handler, request, context } = exchange;
    const struck = { api: handler.api.name, version: context.apiVersion, clientId: context.clientId, broker: services.brokerId, request };
    const { action } = fault.rule;
    switch (action.type) {
      case "error":
        fault.struck(struck);
        return failWith(errorCodeOf(action.error), fault.rule.where, services, exchange, proceed);
      case "delay":
        fault.struck(struck);
        return new Promise((resolve) => this.#after(action.ms, () => resolve(undefined))).then(() => proceed());
      case "drop":
        fault.struck(struck);
        return atMoment(action.moment, proceed, () => NO_ANSWER);
      case "disconnect":
        fault.struck(struck);
        return atMoment(action.moment, proceed, () => {
          throw new CloseConnection("a fault ended the connection");
        });
      case "throttle": {
        fault.struck(struck);
        const reply = proceed();
        const throttled = (each: Awaited<LaterReply>) => {
          this.#mute(context.connection, action.ms);
          return each === NO_ANSWER ? each : { ...each, throttleTimeMs: action.ms };
        };
        return reply instanceof Promise ? reply.then(throttled) : throttled(reply);
      }
      case "hold":
        return fault.hold(struck).then(() => proceed());
    }
  }

  /** The answer leaves at once (KIP-219). */
  #mute(connection: ClientConnection, ms: number): void {
    const unmute = connection.mute(ms);
    this.#unmutes.add(unmute);
    this.#after(ms, () => this.#unmutes.delete(unmute));
  }

  #check({ api, action, times, after, probability }: FaultRule): void {
    const handlers = api === "*" ? this.#handlers : this.#handlers.filter((handler) => handler.api.name === api);
    if (handlers.length === 0)
      throw new FaultError(`there is no API ${api}; there are ${this.#handlers.map((each) => each.api.name).join(", ")}`);
    for (const [name, value] of Object.entries({ times, after })) {
      if (value !== undefined && (!Number.isInteger(value) || value < 0))
        throw new FaultError(`${name} is a whole number from 0 on, not ${value}`);
    }
    if (probability !== undefined && !(probability >= 0 && probability <= 1))
      throw new FaultError(`probability is from 0 to 1, not ${probability}`);
    if (action.type !== "error") return;
    const error = errorCodeOf(action.error);
    const faults = handlers.map((handler) => errorFault(handler, handler.versions.highest, error));
    if (faults.every((fault) => fault !== undefined)) throw new FaultError(`${action.error} cannot be answered: ${faults[0]}`);
  }
}

/** What happens to the requests that were picked. Each action puts the rule in force at once; its result takes what limits it. */
export class FaultBuilder {
  readonly #api: string;
  readonly #add: (rule: FaultRule) => Fault;
  #where: FaultFilter | undefined;

  constructor(api: string, add: (rule: FaultRule) => Fault) {
    this.#api = api;
    this.#add = add;
  }

  where(filter: FaultFilter): this {
    this.#where = { ...this.#where, ...filter };
    return this;
  }

  error(error: ErrorName): Fault {
    return this.#do({ type: "error", error });
  }

  delay(ms: number): Fault {
    return this.#do({ type: "delay", ms });
  }

  drop(moment: FaultMoment = "before"): Fault {
    return this.#do({ type: "drop", moment });
  }

  disconnect(moment: FaultMoment = "before"): Fault {
    return this.#do({ type: "disconnect", moment });
  }

  throttle(ms: number): Fault {
    return this.#do({ type: "throttle", ms });
  }

  hold(): Fault {
    return this.#do({ type: "hold" });
  }

  #do(action: FaultAction): Fault {
    return this.#add({ api: this.#api, action, ...(this.#where === undefined ? {} : { where: this.#where }) });
  }
}

/** A rule in force. */
export class Fault implements Disposable {
  readonly requests: StruckRequest[] = [];
  /** Why it did not strike requests that it matches. */
  readonly skipped = new Set<string>();
  readonly #remove: () => void;
  #rule: FaultRule;
  #passed = 0;
  #drawn = 0;
  #chance: SeededChance | undefined;
  #held: (() => void)[] = [];
  #watchers: (() => void)[] = [];

  constructor(rule: FaultRule, remove: () => void) {
    this.#rule = rule;
    this.#remove = remove;
  }

  get rule(): FaultRule {
    return this.#rule;
  }

  /** How often it has struck. */
  get count(): number {
    return this.requests.length;
  }

  times(times: number): this {
    return this.#limit({ times });
  }

  /** So many matching requests pass first. */
  after(after: number): this {
    return this.#limit({ after });
  }

  probability(probability: number, seed = 1): this {
    return this.#limit({ probability, seed });
  }

  /** Settles when it has struck so often; with `hold()`, when so many requests have arrived. */
  async arrived(count = 1): Promise<readonly StruckRequest[]> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
    return this.requests;
  }

  /** Lets go what is held, and takes the rule back. */
  release(): void {
    this.remove();
  }

  remove(): void {
    this.#remove();
    for (const go of this.#held.splice(0)) go();
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  /** For a request that matches: does it strike? */
  draw(): boolean {
    const { times = Number.POSITIVE_INFINITY, after = 0, probability, seed } = this.#rule;
    if (this.#drawn >= times) return false;
    if (this.#passed < after) {
      this.#passed++;
      return false;
    }
    if (probability !== undefined) {
      this.#chance ??= new SeededChance(seed ?? 1);
      if (this.#chance.next() >= probability) return false;
    }
    this.#drawn++;
    return true;
  }

  skip(reason: string): void {
    this.skipped.add(reason);
  }

  struck(request: StruckRequest): void {
    this.requests.push(request);
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  hold(request: StruckRequest): Promise<void> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
      this.struck(request);
    });
  }

  #limit(change: Partial<FaultRule>): this {
    const { times, probability } = change;
    if (times !== undefined && (!Number.isInteger(times) || times < 0))
      throw new FaultError(`times is a whole number from 0 on, not ${times}`);
    if (probability !== undefined && !(probability >= 0 && probability <= 1))
      throw new FaultError(`probability is from 0 to 1, not ${probability}`);
    this.#rule = { ...this.#rule, ...change };
    return this;
  }
}

function isMatch({ api, where = {} }: FaultRule, services: Services, { handler, context }: Exchange, subjects: Subjects): boolean {
  if (api !== "*" && api !== handler.api.name) return false;
  const { topic, partition, clientId, group, member, transactionalId, broker } = where;
  if (broker !== undefined && broker !== services.brokerId) return false;
  if (clientId !== undefined && clientId !== context.clientId) return false;
  if (transactionalId !== undefined && transactionalId !== subjects.transactionalId) return false;
  if (group !== undefined && !subjects.groups.includes(group)) return false;
  if (member !== undefined && !subjects.memberIds.includes(member)) return false;
  if (topic === undefined && partition === undefined) return true;
  return subjects.topics.some(
    (each) => (topic === undefined || each.topic === topic) && (partition === undefined || each.partitions.includes(partition)),
  );
}

/** Why an action does nothing to a request of this version. */
function misfitOf(action: FaultAction, { handler, context }: Exchange): string | undefined {
  const { apiVersion } = context;
  if (action.type === "error") return errorFault(handler, apiVersion, errorCodeOf(action.error));
  if (action.type !== "throttle") return undefined;
  const shape = emptyValue(handler.api.response.struct.shape, apiVersion);
  return "throttleTimeMs" in shape ? undefined : `${handler.api.name} version ${apiVersion} has no throttle time`;
}

function errorCodeOf(name: string): ErrorCode {
  const code = Object.entries(Errors).find(([each]) => each === name)?.[1];
  if (code === undefined || code === Errors.NONE) throw new FaultError(`there is no error ${name}`);
  return code;
}

function atMoment(moment: FaultMoment, proceed: Proceed, then: () => LaterReply): LaterReply {
  if (moment === "before") return then();
  const reply = proceed();
  return reply instanceof Promise ? reply.then(then) : then();
}

function failWith(error: ErrorCode, where: FaultFilter | undefined, services: Services, exchange: Exchange, proceed: Proceed): LaterReply {
  const { handler, request, context } = exchange;
  const { topic, partition } = where ?? {};
  const isHit = (element: unknown) =>
    (topic === undefined || topicNameOf(services, element) === topic) &&
    (partition === undefined || partitionsIn(element).includes(partition));
  if (handler.api.key === METADATA_KEY) return failMetadata(error, isHit, proceed);
  if (handler.api.key === PRODUCE_KEY && request["acks"] === 0) throw new CloseConnection(`a fault answered ${errorName(error)} to acks=0`);
  const asked = handler.api.key === FETCH_KEY ? wholeFetch(services, exchange) : apart(request, partition);
  const { reply, rest, merge } = errorReply(handler, context.apiVersion, asked, { error, isHit });
  // A session stays what the client believes it to be.
  const sessionId = asked["sessionId"];
  const made = sessionId === undefined ? reply : { ...reply, sessionId };
  if (rest === undefined) return made as Encodable<Shape>;
  const answered = proceed(rest);
  const join = (other: Awaited<LaterReply>) =>
    other === NO_ANSWER || !isRecord(other) ? other : (merge({ ...other }) as Encodable<Shape>);
  return answered instanceof Promise ? answered.then(join) : join(answered);
}

function apart(request: Decoded<Shape>, partition: number | undefined): Decoded<Shape> {
  return partition === undefined ? request : withPartitionApart(request, partition);
}

function failMetadata(error: ErrorCode, isHit: (element: unknown) => boolean, proceed: Proceed): LaterReply {
  const reply = proceed();
  const failed = (answer: Awaited<LaterReply>): Awaited<LaterReply> => {
    if (answer === NO_ANSWER || !isRecord(answer) || !Array.isArray(answer["topics"])) return answer;
    const topics = answer["topics"].map((topic: object) => (isHit(topic) ? { ...topic, errorCode: error, partitions: [] } : topic));
    return { ...answer, topics } as Encodable<Shape>;
  };
  return reply instanceof Promise ? reply.then(failed) : failed(reply);
}

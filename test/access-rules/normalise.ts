// An answer as it is kept and compared: the whole body, with the endings of the scene's names taken off and what is made by chance, by the
// clock or by the machine replaced by what it is. Of lists only what is the scene's own or nobody's stays, in an order of its own.

import { ZERO_UUID } from "../../protocol/schema/support.ts";
import type { Scene } from "./scene.ts";

export type Fact = null | boolean | number | string | readonly Fact[] | { readonly [name: string]: Fact };

const NAMES = ["name", "topic", "topicName", "groupId", "transactionalId", "resourceName"];
const CHANCE: Readonly<Record<string, string>> = {
  producerId: "<producer id>",
  memberId: "<member id>",
  leader: "<member id>",
  clusterId: "<cluster id>",
  port: "<port>",
  logDir: "<folder>",
  totalBytes: "<bytes>",
  usableBytes: "<bytes>",
  partitionSize: "<bytes>",
  logAppendTimeMs: "<time>",
  lastTimestamp: "<time>",
  transactionStartTimeMs: "<time>",
  issueTimestamp: "<time>",
  issueTimestampMs: "<time>",
  expiryTimestamp: "<time>",
  expiryTimestampMs: "<time>",
  maxTimestamp: "<time>",
  maxTimestampMs: "<time>",
  tokenId: "<token id>",
  hmac: "<hmac>",
  clientInstanceId: "<instance id>",
  subscriptionId: "<subscription id>",
};
/** What stands for "none" stays as it is. */
const NONE: readonly unknown[] = [-1, "", "nobody", null];

export interface NormaliseOptions {
  readonly scene: Scene;
  /** Who asked. */
  readonly user: string | undefined;
  readonly leavesOut: readonly string[];
}

export function normalise(answer: unknown, options: NormaliseOptions): Fact {
  const { scene, user, leavesOut } = options;
  if (answer === null || typeof answer === "number" || typeof answer === "boolean") return answer;
  if (typeof answer === "bigint") return Number(answer);
  if (typeof answer === "string") return answer === user ? "<who asked>" : withoutEnding(answer, scene);
  if (Buffer.isBuffer(answer)) return `<${answer.length} bytes>`;
  if (Array.isArray(answer)) {
    const facts = answer.filter((element) => !isOfAnotherScene(element, scene)).map((element) => normalise(element, options));
    return facts.every((fact) => typeof fact === "object") ? facts.sort(byText) : facts;
  }
  return Object.fromEntries(
    Object.entries(answer as Record<string, unknown>)
      .filter(([name]) => !leavesOut.includes(name))
      .map(([name, value]) => [name, (isByChance(name, value) ? CHANCE[name] : undefined) ?? normalise(value, options)]),
  );
}

function isByChance(name: string, value: unknown): boolean {
  if (NONE.includes(value) || (Buffer.isBuffer(value) && value.length === 0)) return false;
  return !(CHANCE[name] === "<time>" && value === 0);
}

function byText(a: Fact, b: Fact): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Names without the scene's ending; ids as whose they are. */
function withoutEnding(text: string, scene: Scene): string {
  if (text === ZERO_UUID) return "<no id>";
  for (const [name, id] of scene.topicIds) if (text.includes(id)) return withoutEnding(text.replaceAll(id, `<id of ${name}>`), scene);
  if (/^[A-Za-z0-9_-]{22}$/.test(text) && !OF_A_SCENE.test(text)) return "<id>";
  const named = scene.endings.reduce((rest, ending) => rest.replaceAll(ending, ""), text);
  // Kafka prints the object that the request is to it.
  return named.replace(/^Request .+ needs (\w+) permission\.$/s, "Request <request> needs $1 permission.");
}

const OF_A_SCENE = /^(ruled|unruled|absent|nowhere)-(topic|group|consumers|streams|transaction)-/;

function isOfAnotherScene(element: unknown, scene: Scene): boolean {
  if (typeof element !== "object" || element === null) return false;
  return NAMES.some((name) => {
    const value = (element as Record<string, unknown>)[name];
    return typeof value === "string" && OF_A_SCENE.test(value) && !scene.endings.some((ending) => value.endsWith(ending));
  });
}

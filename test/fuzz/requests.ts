// The requests of one connection, one after another: by its chances, its conversation and what it was told.

import type { Api } from "../../protocol/schema/message.ts";
import { includesVersion, type Versions } from "../../protocol/schema/versions.ts";
import { records } from "./batches.ts";
import type { Chance } from "./chance.ts";
import { conversation, recordedRequest } from "./conversations.ts";
import { framed, mutated, type Sending } from "./mutations.ts";
import type { Persona } from "./persona.ts";
import { type Manner, RequestWriter } from "./request-writer.ts";

export interface NextRequest extends Sending {
  readonly number: number;
  /** "Produce 9" as it was meant; "recorded" for what a client once sent. */
  readonly api: string;
  /** What was done to it. */
  readonly mutation: string;
}

const NUMBERS_A_CONNECTION = 100;

/** The numbers of a connection's requests, which are their correlation ids, follow from its own. */
export function firstNumber(connection: number): number {
  return connection * NUMBERS_A_CONNECTION;
}

/** Those of brokers and of Kafka's own tools mean something to a broker: whose id it is must not matter but for what Kafka lets it. */
const CLIENT_IDS: readonly (readonly [weight: number, clientId: string])[] = [
  [30, "fuzz"],
  [2, "__admin_client"],
  [1, "broker-1"],
  [1, ""],
];

export class Requests {
  readonly #persona: Persona;
  readonly #chance: Chance;
  readonly #apis: Iterator<Api, never>;
  readonly #served: ReadonlyMap<number, Versions>;
  /** Most have something to say, and few are out for noise alone: what ends a connection ends its conversation. */
  readonly #wickedOneIn: number;
  readonly #clientId: string;
  #next: number;

  /** `served`: the versions of each API that the broker says it serves. */
  constructor(persona: Persona, chance: Chance, { served, connection }: { served: ReadonlyMap<number, Versions>; connection: number }) {
    this.#persona = persona;
    this.#chance = chance;
    this.#next = firstNumber(connection);
    this.#served = served;
    this.#apis = conversation(chance);
    this.#wickedOneIn = chance.pick([2, 6, 20, 20, 60]);
    this.#clientId = chance.weighted(CLIENT_IDS);
  }

  next(): NextRequest {
    const number = this.#next++;
    const chance = this.#chance;
    const { value: api } = this.#apis.next();
    const isRecorded = chance.oneIn(15);
    const isWicked = chance.oneIn(this.#wickedOneIn);
    const manner = chance.weighted(isWicked ? WICKED : MILD);
    const request = isRecorded ? recordedRequest(chance) : this.#written(api, this.#version(api, isWicked), manner);
    if (request.length >= 8) request.writeInt32BE(number & 0x7fffffff, 4);
    const about = { number, api: isRecorded ? "recorded" : api.name };
    if (!isWicked || chance.oneIn(2)) return { ...about, mutation: isRecorded ? "none" : manner.name, bytes: framed(request) };
    const { name, ...sending } = mutated(request, chance);
    return { ...about, mutation: name, ...sending };
  }

  /** One that is served, unless it does not matter. */
  #version(api: Api, isWicked: boolean): number {
    const { lowest, highest } = api.request.versions;
    const served = this.#served.get(api.key) ?? { lowest, highest };
    const version = this.#chance.between(Math.max(lowest, served.lowest), Math.min(highest, served.highest));
    return (isWicked && this.#chance.oneIn(10)) || !includesVersion(api.request.versions, version)
      ? this.#chance.between(lowest, highest)
      : version;
  }

  #written(api: Api, version: number, manner: Omit<Manner, "records">): Buffer {
    const chance = this.#chance;
    const whole = { ...manner, records: () => records(this.#persona, chance) };
    const { body } = new RequestWriter(api.request, version, { persona: this.#persona, chance, manner: whole });
    return Buffer.concat([header(api, version, this.#clientId), body]);
  }
}

type NamedManner = Omit<Manner, "records"> & { readonly name: string };

const MILD: readonly (readonly [weight: number, manner: NamedManner])[] = [
  [7, { name: "none", oddOneIn: 0, lieOneIn: 0 }],
  [3, { name: "a few odd values", oddOneIn: 15, lieOneIn: 0 }],
];
const WICKED: readonly (readonly [weight: number, manner: NamedManner])[] = [
  [4, { name: "odd values", oddOneIn: 5, lieOneIn: 0 }],
  [1, { name: "odd values only", oddOneIn: 1, lieOneIn: 0 }],
  [3, { name: "lies about lengths, counts and nulls", oddOneIn: 30, lieOneIn: 25 }],
  [2, { name: "many lies", oddOneIn: 10, lieOneIn: 6 }],
];

function header(api: Api, version: number, clientId: string): Buffer {
  const isFlexible = api.request.isFlexible(version);
  const bytes = Buffer.alloc(10 + clientId.length + (isFlexible ? 1 : 0));
  bytes.writeInt16BE(api.key, 0);
  bytes.writeInt16BE(version, 2);
  bytes.writeInt16BE(clientId.length, 8);
  bytes.write(clientId, 10);
  return bytes;
}

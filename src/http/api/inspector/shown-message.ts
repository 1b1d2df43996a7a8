// A message as somebody is shown it who looks on: by its declaration, cut where it is long. What is secret is not shown: passwords and what is made
// of them, tokens and their keys, settings of brokers, and what records hold; of those there is what their batches say.

import { batchesOf } from "../../../../protocol/records/record-batch.ts";
import type { FieldType, Struct } from "../../../../protocol/schema/field.ts";
import type { Message } from "../../../../protocol/schema/message.ts";
import { includesVersion } from "../../../../protocol/schema/versions.ts";
import { MalformedMessage } from "../../../../protocol/wire/malformed-message.ts";
import { ConfigResources } from "../../../api/config-resource.ts";

const HIDDEN = "(hidden)";
/** Of SaslAuthenticate, delegation tokens, SCRAM credentials, and of requests that brokers pass on. */
const SECRETS: ReadonlySet<string> = new Set(["authBytes", "hmac", "salt", "saltedPassword", "requestData", "responseData"]);
const OF_BROKERS: readonly unknown[] = [ConfigResources.BROKER, ConfigResources.BROKER_LOGGER];
const MOST_BATCHES = 20;

type Value = Readonly<Record<string, unknown>>;

export function shownMessage({ struct }: Message, version: number, value: object, cut: number): Value {
  return new Shower(version, cut).struct(struct, value as Value);
}

class Shower {
  readonly #version: number;
  readonly #cut: number;

  constructor(version: number, cut: number) {
    this.#version = version;
    this.#cut = cut;
  }

  struct({ shape }: Struct, value: Value): Value {
    const areSettingsSecret = OF_BROKERS.includes(value["resourceType"]);
    const present = Object.entries(shape).filter(
      ([name, { traits }]) => includesVersion(traits.versions, this.#version) && value[name] !== undefined,
    );
    return Object.fromEntries(
      present.map(([name, { type }]) => {
        const given = value[name];
        if (SECRETS.has(name)) return [name, given === null ? null : HIDDEN];
        if (name === "configs" && areSettingsSecret) return [name, withoutValues(given)];
        return [name, this.#value(type, given)];
      }),
    );
  }

  #value(type: FieldType, value: unknown): unknown {
    if (value === null || value === undefined) return null;
    if (type.kind === "struct") return this.struct(type.struct, value as Value);
    if (type.kind === "array") return this.#list(type.element, value as readonly unknown[]);
    if (type.name === "records") return shownRecords(value as Buffer | readonly Buffer[]);
    if (typeof value === "bigint") return String(value);
    if (typeof value === "string") return value.length > this.#cut ? `${value.slice(0, this.#cut)}…` : value;
    if (!Buffer.isBuffer(value)) return value;
    const shown = value.subarray(0, this.#cut).toString("base64");
    return value.length > this.#cut ? `${shown}… (${value.length} bytes)` : shown;
  }

  #list(element: FieldType, values: readonly unknown[]): unknown[] {
    const shown = values.slice(0, this.#cut).map((each) => this.#value(element, each));
    return values.length > this.#cut ? [...shown, `… ${values.length - this.#cut} more`] : shown;
  }
}

function withoutValues(configs: unknown): unknown {
  if (!Array.isArray(configs)) return null;
  return configs.map(({ name }: { readonly name: unknown }) => ({ name, value: HIDDEN }));
}

function shownRecords(records: Buffer | readonly Buffer[]): object {
  const buffers = Buffer.isBuffer(records) ? [records] : records;
  const sizeBytes = buffers.reduce((sum, { length }) => sum + length, 0);
  const batches: object[] = [];
  try {
    for (const buffer of buffers) {
      for (const batch of batchesOf(buffer, { toleratePartial: true })) {
        if (batches.length === MOST_BATCHES) return { sizeBytes, batches, areMore: true };
        const { baseOffset, recordCount, producerId, isTransactional, isControl } = batch;
        batches.push({ baseOffset, recordCount, sizeBytes: batch.sizeBytes, producerId, isTransactional, isControl });
      }
    }
  } catch (error) {
    // Messages of older formats, or none at all.
    if (!(error instanceof MalformedMessage)) throw error;
  }
  return { sizeBytes, batches };
}

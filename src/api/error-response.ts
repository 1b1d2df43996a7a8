// Answers that say nothing but an error, made from the declarations of request and response: in the response's own error code where the
// version has one, else with an error for each thing that was asked for. Values that an error leaves open are Kafka's "none".
//
//   Heartbeat   { errorCode }                        ListOffsets  { topics: [{ name, partitions: [{ partitionIndex, errorCode }] }] }
//
// Fetch, ShareFetch and ShareAcknowledge put errors of sessions at the top and others with the partition. Metadata is not made up: a client lives by its list of brokers.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { shareAcknowledge, shareFetch } from "../../protocol/messages/index.ts";
import type { Decoded, Field, FieldType, Shape, Struct } from "../../protocol/schema/field.ts";
import { EMPTY_BYTES, ZERO_UUID } from "../../protocol/schema/support.ts";
import { includesVersion } from "../../protocol/schema/versions.ts";
import type { Handler } from "./handler.ts";

type Value = Record<string, unknown>;

const FETCH_KEY = 1;
/** Those with errors of sessions and of partitions. */
const FETCHING_KEYS: readonly number[] = [FETCH_KEY, shareFetch.key, shareAcknowledge.key];
export const METADATA_KEY = 3;
const SESSION_ERRORS: readonly number[] = [
  Errors.FETCH_SESSION_ID_NOT_FOUND,
  Errors.INVALID_FETCH_SESSION_EPOCH,
  Errors.FETCH_SESSION_TOPIC_ID_ERROR,
  Errors.SHARE_SESSION_NOT_FOUND,
  Errors.INVALID_SHARE_SESSION_EPOCH,
  Errors.SHARE_SESSION_LIMIT_REACHED,
  Errors.GROUP_AUTHORIZATION_FAILED,
  Errors.UNSUPPORTED_VERSION,
];

/** The first version of an API whose clients know an error; before it they may not tell what to do. */
const FIRST_VERSIONS: { readonly [error: number]: { readonly [apiKey: number]: number } } = {
  [Errors.FENCED_LEADER_EPOCH]: { 1: 9, 2: 4 },
  [Errors.UNKNOWN_LEADER_EPOCH]: { 1: 9, 2: 4 },
  [Errors.UNKNOWN_TOPIC_ID]: { 0: 13, 1: 13, 3: 12, 8: 10, 9: 10, 20: 6 },
  [Errors.FETCH_SESSION_ID_NOT_FOUND]: { 1: 7 },
  [Errors.INVALID_FETCH_SESSION_EPOCH]: { 1: 7 },
  [Errors.FETCH_SESSION_TOPIC_ID_ERROR]: { 1: 13 },
  [Errors.KAFKA_STORAGE_ERROR]: { 1: 6, 0: 4 },
  [Errors.MEMBER_ID_REQUIRED]: { 11: 4 },
  [Errors.FENCED_INSTANCE_ID]: { 8: 7, 11: 5, 12: 3, 14: 3 },
  [Errors.UNSTABLE_OFFSET_COMMIT]: { 9: 7 },
  [Errors.PRODUCER_FENCED]: { 22: 4, 24: 2, 25: 2, 26: 2, 28: 3 },
  [Errors.THROTTLING_QUOTA_EXCEEDED]: { 19: 6, 20: 5, 37: 3 },
  [Errors.TRANSACTION_ABORTABLE]: { 0: 11, 22: 5, 24: 5, 25: 4, 26: 4, 28: 4 },
  [Errors.GROUP_ID_NOT_FOUND]: { 15: 6, 42: 0, 9: 9, 47: 0, 8: 9 },
  [Errors.STALE_MEMBER_EPOCH]: { 8: 9, 9: 9 },
  [Errors.INVALID_REGULAR_EXPRESSION]: { 68: 1 },
};
/** Errors that only one place of the protocol has, whatever else carries an error code. */
const ONLY_IN: { readonly [error: number]: readonly number[] } = {
  [Errors.FETCH_SESSION_ID_NOT_FOUND]: [1],
  [Errors.INVALID_FETCH_SESSION_EPOCH]: [1],
  [Errors.FETCH_SESSION_TOPIC_ID_ERROR]: [1],
  [Errors.MEMBER_ID_REQUIRED]: [11],
  [Errors.UNSTABLE_OFFSET_COMMIT]: [9],
  [Errors.FENCED_MEMBER_EPOCH]: [68, 76, 88],
  [Errors.UNRELEASED_INSTANCE_ID]: [68, 88],
  [Errors.UNSUPPORTED_ASSIGNOR]: [68],
  [Errors.STALE_MEMBER_EPOCH]: [8, 9],
  [Errors.INVALID_REGULAR_EXPRESSION]: [68],
};

/** Why responses of an API in a version cannot say an error; `undefined` when they can. */
export function errorFault({ api }: Handler, version: number, error: ErrorCode): string | undefined {
  const only = ONLY_IN[error];
  if (only !== undefined && !only.includes(api.key)) return `${api.name} never carries it`;
  const first = FIRST_VERSIONS[error]?.[api.key] ?? 0;
  if (version < first) return `${api.name} carries it from version ${first} on, and this is version ${version}`;
  return hasErrorCode(api.response.struct.shape, version) ? undefined : `${api.name} version ${version} has no field for an error`;
}

/** What an error leaves of the elements of a request; `isHit` picks those that it befalls among topics. */
export interface ErrorOrder {
  readonly error: ErrorCode;
  readonly isHit: (element: unknown) => boolean;
}

export interface ErrorReply {
  readonly reply: Value;
  /** The request without what was hit, when something else is left of it: the handler answers that, and `merge` joins the two. */
  readonly rest: Decoded<Shape> | undefined;
  readonly merge: (other: Value) => Value;
}

export function errorReply({ api }: Handler, version: number, request: Decoded<Shape>, { error, isHit }: ErrorOrder): ErrorReply {
  const shape = api.response.struct.shape;
  const whole = (reply: Value): ErrorReply => ({ reply, rest: undefined, merge: (other) => other });
  const isNested = FETCHING_KEYS.includes(api.key) && !SESSION_ERRORS.includes(error);
  if (exists(shape["errorCode"], version) && !isNested) return whole({ ...emptyValue(shape, version), errorCode: error });
  const reply = emptyValue(shape, version);
  const asked = askedFor(api.request.struct.shape, request, version);
  const answered = Object.keys(shape).find((name) => isListOfErrors(shape[name], version));
  if (asked === undefined || answered === undefined) return whole(reply);
  const element = elementOf(shape[answered]);
  const hit = asked.elements.filter(isHit);
  // A full Fetch is answered with every partition that it asked for, an incremental one with news only.
  const isFull = api.key === FETCH_KEY && Number(request["sessionEpoch"] ?? -1) <= 0;
  const told = isFull ? asked.elements : hit;
  const list = told.map((each) => failedElement(element, version, each, isHit(each) ? error : Errors.NONE));
  if (hit.length === asked.elements.length || api.key === FETCH_KEY) return whole({ ...reply, [answered]: list });
  return {
    reply,
    rest: { ...request, [asked.name]: asked.elements.filter((each) => !isHit(each)) },
    merge: (other) => ({ ...other, [answered]: [...(Array.isArray(other[answered]) ? other[answered] : []), ...list] }),
  };
}

function failedElement(element: Struct | undefined, version: number, asked: unknown, error: number): unknown {
  if (element === undefined) return asked;
  const value = emptyValue(element.shape, version);
  for (const [name, field] of Object.entries(element.shape)) {
    if (!exists(field, version)) continue;
    if (name === "errorCode") value[name] = error;
    else if (isListOfErrors(field, version)) value[name] = nestedElements(elementOf(field), version, asked, error);
    else value[name] = sameField(name, field, asked) ?? value[name];
  }
  return value;
}

function nestedElements(element: Struct | undefined, version: number, asked: unknown, error: number): unknown[] {
  const list = isRecord(asked) ? Object.values(asked).find(Array.isArray) : undefined;
  return (list ?? []).map((each: unknown) => failedElement(element, version, each, error));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

const INDEX_NAMES = ["partitionIndex", "partition", "index"];
const KEY_NAMES = ["name", "topic", "key", "groupId", "transactionalId", "resourceName"];

/** The field of the request's element that means the same. */
function sameField(name: string, field: Field<unknown>, asked: unknown): unknown {
  if (isRecord(asked)) {
    if (name in asked && !Array.isArray(asked[name])) return asked[name];
    const names = INDEX_NAMES.includes(name) ? INDEX_NAMES : KEY_NAMES.includes(name) ? KEY_NAMES : [];
    return names.map((each) => asked[each]).find((each) => each !== undefined);
  }
  if (typeof asked === "number") return INDEX_NAMES.includes(name) ? asked : undefined;
  if (typeof asked !== "string") return undefined;
  return KEY_NAMES.includes(name) && field.type.kind === "primitive" ? asked : undefined;
}

/** The list that says what a request is about: its first one. */
function askedFor(shape: Shape, request: Decoded<Shape>, version: number): { name: string; elements: readonly unknown[] } | undefined {
  for (const [name, field] of Object.entries(shape)) {
    const elements = request[name];
    if (field.type.kind === "array" && exists(field, version) && Array.isArray(elements)) return { name, elements };
  }
  return undefined;
}

function hasErrorCode(shape: Shape, version: number): boolean {
  return exists(shape["errorCode"], version) || Object.values(shape).some((field) => isListOfErrors(field, version));
}

function isListOfErrors(field: Field<unknown> | undefined, version: number): boolean {
  const element = elementOf(field);
  return element !== undefined && exists(field, version) && hasErrorCode(element.shape, version);
}

function elementOf(field: Field<unknown> | undefined): Struct | undefined {
  return field?.type.kind === "array" && field.type.element.kind === "struct" ? field.type.element.struct : undefined;
}

function exists(field: Field<unknown> | undefined, version: number): boolean {
  return field !== undefined && includesVersion(field.traits.versions, version);
}

/** A message without anything in it. */
export function emptyValue(shape: Shape, version: number): Value {
  const value: Value = {};
  for (const [name, field] of Object.entries(shape)) if (exists(field, version)) value[name] = nothingOf(name, field, version);
  return value;
}

function nothingOf(name: string, { type, traits }: Field<unknown>, version: number): unknown {
  if (traits.defaultValue !== undefined) return traits.defaultValue;
  if (includesVersion(traits.nullableVersions, version) && type.kind !== "array") return name === "records" ? EMPTY_BYTES : null;
  return zeroOf(name, type, version);
}

function zeroOf(name: string, type: FieldType, version: number): unknown {
  switch (type.kind) {
    case "array":
      return [];
    case "struct":
      return emptyValue(type.struct.shape, version);
    case "primitive":
      switch (type.name) {
        case "string":
          return "";
        case "bytes":
        case "records":
          return EMPTY_BYTES;
        case "uuid":
          return ZERO_UUID;
        case "bool":
          return false;
        case "bigInt64":
          return 0n;
        default:
          return /offset|epoch|timestamp|watermark|(node|broker|leader|producer|generation)id|^port$/i.test(name) ? -1 : 0;
      }
  }
}

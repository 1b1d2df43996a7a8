// Quotas of clients (KIP-546): what an entity may use. An entity is a user, a client id, both, or an address; a null name is the
// default of its type. Decisions only: they are stored in the image.

import { isIP } from "node:net";
import { emptyRecord } from "../base/foreign-names.ts";

/** Component types in the order in which an entity is written down. */
const ENTITY_TYPES = ["user", "client-id", "ip"] as const;
export type QuotaEntityType = (typeof ENTITY_TYPES)[number];

/** A name for each component; null: the default. */
export type QuotaEntity = { readonly [Type in QuotaEntityType]?: string | null };

export interface ClientQuota {
  readonly entity: QuotaEntity;
  /** Never empty. */
  readonly values: Readonly<Record<string, number>>;
}

export interface QuotaOperation {
  readonly key: string;
  readonly value: number;
  readonly remove: boolean;
}

export function isQuotaEntityType(type: string): type is QuotaEntityType {
  return ENTITY_TYPES.some((known) => known === type);
}

export function clientQuotaKey(entity: QuotaEntity): string {
  return JSON.stringify(ENTITY_TYPES.map((type) => entity[type] ?? (entity[type] === null ? 0 : 1)));
}

/** As Kafka prints an entity in messages. */
export function quotaEntityText(components: readonly (readonly [type: string, name: string | null])[]): string {
  return `ClientQuotaEntity(entries={${components.map(([type, name]) => `${type}=${name}`).join(", ")}})`;
}

interface QuotaKey {
  readonly name: string;
  readonly isWhole: boolean;
  readonly max?: number;
}

const USER_KEYS: readonly QuotaKey[] = [
  { name: "producer_byte_rate", isWhole: true },
  { name: "consumer_byte_rate", isWhole: true },
  { name: "request_percentage", isWhole: false },
  { name: "controller_mutation_rate", isWhole: false },
];
const IP_KEYS: readonly QuotaKey[] = [{ name: "connection_creation_rate", isWhole: true, max: 2 ** 31 - 1 }];

/** How far from a whole number a value may be that counts as one, as in Kafka. */
const WHOLE_WITHIN = 1e-6;

/** The entity that components name, or what is wrong with it. The wording is Kafka's. */
export function quotaEntityOf(components: readonly (readonly [type: string, name: string | null])[]): QuotaEntity | string {
  if (components.length === 0) return "Invalid empty client quota entity";
  const entity: { [Type in QuotaEntityType]?: string | null } = {};
  for (const [type, name] of components) {
    if (!isQuotaEntityType(type)) return `Unhandled client quota entity type: ${type}`;
    if (name === "") return `Empty ${type} not supported`;
    entity[type] = name;
  }
  return entity;
}

/** The entity's new values, or what is wrong with the request. The wording is Kafka's. */
export function decideQuota(
  entity: QuotaEntity,
  current: Readonly<Record<string, number>>,
  operations: readonly QuotaOperation[],
): Record<string, number> | string {
  const isIp = entity.ip !== undefined;
  if (isIp && (entity.user !== undefined || entity["client-id"] !== undefined)) {
    return "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId";
  }
  if (isIp && entity.ip !== null && !isHost(entity.ip)) return `${entity.ip} is not a valid IP or resolvable host.`;
  const values = Object.assign(emptyRecord<number>(), current);
  for (const { key, value, remove } of operations) {
    if (remove) {
      delete values[key];
      continue;
    }
    const fault = valueFault(isIp ? IP_KEYS : USER_KEYS, key, value);
    if (fault !== undefined) return fault;
    values[key] = value;
  }
  return values;
}

/** Names are not looked up: a host name that could exist is accepted. */
function isHost(text: string | undefined): boolean {
  return text !== undefined && (isIP(text) !== 0 || /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(text));
}

function valueFault(keys: readonly QuotaKey[], name: string, value: number): string | undefined {
  const key = keys.find((known) => known.name === name);
  if (key === undefined) return `Invalid configuration key ${name}`;
  if (!(value > 0)) return `Quota ${name} must be greater than 0`;
  if (!key.isWhole) return undefined;
  if (Math.abs(value - Math.round(value)) > WHOLE_WITHIN) return `${name} cannot be a fractional value.`;
  if (key.max !== undefined && value > key.max) return `Proposed value for ${name} is too large for an INT.`;
  return undefined;
}

export interface QuotaFilterComponent {
  readonly type: string;
  /** 0 exactly this name, 1 the default entity, 2 any name. */
  readonly matchType: number;
  readonly match: string | null;
}

const MATCH_EXACT = 0;
const MATCH_DEFAULT = 1;
const MATCH_ANY = 2;

/** What is wrong with a filter, as its kind and in Kafka's words. */
export function quotaFilterFault(
  components: readonly QuotaFilterComponent[],
): { readonly isUnsupported: boolean; readonly message: string } | undefined {
  const seen = new Set<string>();
  for (const { type, matchType, match } of components) {
    const fault = componentFault(type, matchType, match, seen);
    if (fault !== undefined) return fault;
    seen.add(type);
  }
  if (seen.has("ip") && seen.size > 1) {
    return invalid(
      "Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.",
    );
  }
  return undefined;
}

const invalid = (message: string) => ({ isUnsupported: false, message });

function componentFault(type: string, matchType: number, match: string | null, seen: ReadonlySet<string>) {
  if (type === "") return invalid("Invalid empty entity type.");
  if (seen.has(type)) return invalid(`Entity type ${type} cannot appear more than once in the filter.`);
  if (!isQuotaEntityType(type)) return { isUnsupported: true, message: `Unsupported entity type ${type}` };
  if (matchType !== MATCH_EXACT && matchType !== MATCH_DEFAULT && matchType !== MATCH_ANY)
    return invalid(`Unknown match type ${matchType}`);
  if (matchType === MATCH_EXACT && match === null) return invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.");
  if (matchType === MATCH_DEFAULT && match !== null)
    return invalid("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
  if (matchType === MATCH_ANY && match !== null)
    return invalid("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.");
  return undefined;
}

/** A strict filter matches entities without any further component. */
export function matchesQuotaFilter(entity: QuotaEntity, components: readonly QuotaFilterComponent[], isStrict: boolean): boolean {
  if (isStrict && Object.keys(entity).length !== components.length) return false;
  return components.every(({ type, matchType, match }) => {
    if (!isQuotaEntityType(type)) return false;
    const name = entity[type];
    if (name === undefined) return false;
    if (matchType === MATCH_EXACT) return name === match;
    return matchType === MATCH_ANY || name === null;
  });
}

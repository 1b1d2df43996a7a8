// Users with passwords (SCRAM), access rules, and quotas.

import { Fault, refuseError } from "./fault.ts";
import { kafka } from "./kafka.ts";

/** Codes on the wire, by their names in Kafka's tools. */
export const RESOURCES: readonly (readonly [code: number, name: string])[] = [
  [2, "Topic"],
  [3, "Group"],
  [4, "Cluster"],
  [5, "TransactionalId"],
  [6, "DelegationToken"],
  [7, "User"],
];
export const OPERATIONS: readonly (readonly [code: number, name: string])[] = [
  [2, "All"],
  [3, "Read"],
  [4, "Write"],
  [5, "Create"],
  [6, "Delete"],
  [7, "Alter"],
  [8, "Describe"],
  [9, "ClusterAction"],
  [10, "DescribeConfigs"],
  [11, "AlterConfigs"],
  [12, "IdempotentWrite"],
  [13, "CreateTokens"],
  [14, "DescribeTokens"],
  [15, "TwoPhaseCommit"],
];
export const PATTERNS: readonly (readonly [code: number, name: string])[] = [
  [3, "literal"],
  [4, "prefixed"],
];
export const PERMISSIONS: readonly (readonly [code: number, name: string])[] = [
  [3, "allow"],
  [2, "deny"],
];
export const MECHANISMS: readonly (readonly [code: number, name: string])[] = [
  [2, "SCRAM-SHA-512"],
  [1, "SCRAM-SHA-256"],
];

export interface Rule {
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
}

const ANY = 1;

export async function listRules(signal?: AbortSignal): Promise<readonly Rule[]> {
  const any = { resourceTypeFilter: ANY, resourceNameFilter: null, patternTypeFilter: ANY, principalFilter: null, hostFilter: null };
  const { errorCode, errorMessage, resources } = await kafka("DescribeAcls", { ...any, operation: ANY, permissionType: ANY }, { signal });
  refuseError(errorCode, errorMessage);
  return resources.flatMap(({ acls, ...resource }) => acls.map((acl) => ({ ...resource, ...acl })));
}

export async function addRule({ patternType, ...rule }: Rule): Promise<void> {
  const { results } = await kafka("CreateAcls", { creations: [{ ...rule, resourcePatternType: patternType }] });
  refuseError(results[0]?.errorCode ?? 0, results[0]?.errorMessage);
}

export async function removeRule(rule: Rule): Promise<void> {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = rule;
  const filter = {
    resourceTypeFilter: resourceType,
    resourceNameFilter: resourceName,
    patternTypeFilter: patternType,
    principalFilter: principal,
    hostFilter: host,
  };
  const { filterResults } = await kafka("DeleteAcls", { filters: [{ ...filter, operation, permissionType }] });
  refuseError(filterResults[0]?.errorCode ?? 0, filterResults[0]?.errorMessage);
}

export interface UserRow {
  readonly name: string;
  readonly mechanism: number;
  readonly iterations: number;
}

export async function listUsers(signal?: AbortSignal): Promise<readonly UserRow[]> {
  const { errorCode, errorMessage, results } = await kafka("DescribeUserScramCredentials", { users: null }, { signal });
  refuseError(errorCode, errorMessage);
  return results.flatMap(({ user, credentialInfos }) => credentialInfos.map((info) => ({ name: user, ...info })));
}

const ITERATIONS = 8192;
const SALT_BYTES = 24;

/** The password itself does not leave the page: its salted hash does (RFC 5802). */
export async function setPassword(name: string, mechanism: number, password: string): Promise<void> {
  if (crypto.subtle === undefined)
    throw new Fault(
      "No secure context",
      "The browser hashes passwords only on pages of localhost or over TLS; use kafka-configs.sh or open the console so.",
    );
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const hash = mechanism === 1 ? "SHA-256" : "SHA-512";
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(password.normalize("NFKC")), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash, salt, iterations: ITERATIONS }, key, mechanism === 1 ? 256 : 512);
  const upsertion = { name, mechanism, iterations: ITERATIONS, salt: base64(salt), saltedPassword: base64(new Uint8Array(bits)) };
  const { results } = await kafka("AlterUserScramCredentials", { deletions: [], upsertions: [upsertion] });
  refuseError(results[0]?.errorCode ?? 0, results[0]?.errorMessage);
}

export async function removeUser({ name, mechanism }: UserRow): Promise<void> {
  const { results } = await kafka("AlterUserScramCredentials", { deletions: [{ name, mechanism }], upsertions: [] });
  refuseError(results[0]?.errorCode ?? 0, results[0]?.errorMessage);
}

export interface QuotaRow {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[];
  readonly key: string;
  readonly value: number;
}

export const QUOTA_KEYS = [
  "producer_byte_rate",
  "consumer_byte_rate",
  "request_percentage",
  "controller_mutation_rate",
  "connection_creation_rate",
];

export async function listQuotas(signal?: AbortSignal): Promise<readonly QuotaRow[]> {
  const { errorCode, errorMessage, entries } = await kafka("DescribeClientQuotas", { components: [], strict: false }, { signal });
  refuseError(errorCode, errorMessage);
  return (entries ?? []).flatMap(({ entity, values }) => values.map(({ key, value }) => ({ entity, key, value })));
}

/** @param value `undefined`: it goes */
export async function setQuota({ entity, key }: Pick<QuotaRow, "entity" | "key">, value: number | undefined): Promise<void> {
  const ops = [{ key, value: value ?? 0, remove: value === undefined }];
  const { entries } = await kafka("AlterClientQuotas", { entries: [{ entity, ops }], validateOnly: false });
  refuseError(entries[0]?.errorCode ?? 0, entries[0]?.errorMessage);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

// Client quotas: limits of users, client ids and addresses.

import { describeClientQuotas } from "../../../protocol/messages/48-describe-client-quotas.ts";
import { alterClientQuotas } from "../../../protocol/messages/49-alter-client-quotas.ts";
import type { Brokers } from "../brokers.ts";
import { failOn, present } from "../refusal.ts";

export type QuotaEntityType = "user" | "client-id" | "ip";

/** null is the default of its type. */
export type QuotaEntity = ReadonlyMap<QuotaEntityType, string | null>;

export interface QuotaFilterPart {
  readonly type: QuotaEntityType;
  /** null: the default; undefined: any that is named. */
  readonly name: string | null | undefined;
}

export interface Quota {
  readonly entity: ReadonlyMap<string, string | null>;
  readonly values: ReadonlyMap<string, number>;
}

const Match = { EXACT: 0, DEFAULT: 1, ANY: 2 } as const;

/** The quotas of entities with just these types. */
export async function describeQuotas(brokers: Brokers, parts: readonly QuotaFilterPart[]): Promise<Quota[]> {
  const components = parts.map(({ type, name }) => ({
    entityType: type,
    matchType: name === undefined ? Match.ANY : name === null ? Match.DEFAULT : Match.EXACT,
    match: name ?? null,
  }));
  const answer = await brokers.ask(describeClientQuotas, 1, { components, strict: true });
  failOn(answer.errorCode, "quotas", answer.errorMessage);
  return (answer.entries ?? []).map(({ entity, values }) => ({
    entity: new Map(entity.map(({ entityType, entityName }) => [entityType, entityName])),
    values: new Map(values.map(({ key, value }) => [key, value])),
  }));
}

/** A value of undefined removes the quota. */
export async function alterQuotas(brokers: Brokers, entity: QuotaEntity, changes: ReadonlyMap<string, number | undefined>): Promise<void> {
  const ops = [...changes].map(([key, value]) => ({ key, value: value ?? 0, remove: value === undefined }));
  const named = [...entity].map(([entityType, entityName]) => ({ entityType, entityName }));
  const answer = await brokers.ask(alterClientQuotas, 1, { entries: [{ entity: named, ops }], validateOnly: false });
  const result = present(answer.entries[0], "the quota");
  failOn(result.errorCode, "quota", result.errorMessage);
}

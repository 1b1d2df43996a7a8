// Quotas of clients for a test, as an administrator would set them: kafkajs and others have no call for that.

import { Errors } from "../../protocol/errors.ts";
import { clientQuotaKey, decideQuota, type QuotaEntity, quotaEntityOf } from "../cluster/client-quotas.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { BrokerError } from "./broker-error.ts";

/** Whom a quota is about: a user, a client id, both, or an address; `null` for all who have none of their own. */
export interface QuotaHolder {
  readonly user?: string | null;
  readonly clientId?: string | null;
  readonly ip?: string | null;
}

/** By Kafka's names: "producer_byte_rate", …; `null` takes a limit away. */
export type QuotaValues = Readonly<Record<string, number | null>>;

export async function setQuota(cluster: Cluster, holder: QuotaHolder, values: QuotaValues): Promise<void> {
  const entity = entityOf(holder);
  const operations = Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }));
  const fault = await cluster.transact((image) => {
    const decided = decideQuota(entity, image.clientQuotas.get(clientQuotaKey(entity))?.values ?? {}, operations);
    if (typeof decided === "string") return { changes: [], result: decided };
    return { changes: [{ type: "clientQuota", entity, values: decided }], result: undefined };
  });
  if (fault !== undefined) throw new BrokerError(Errors.INVALID_REQUEST, fault);
}

function entityOf({ user, clientId, ip }: QuotaHolder): QuotaEntity {
  const components = Object.entries({ user, "client-id": clientId, ip });
  const entity = quotaEntityOf(components.flatMap(([type, name]) => (name === undefined ? [] : [[type, name] as const])));
  if (typeof entity === "string") throw new BrokerError(Errors.INVALID_REQUEST, entity);
  return entity;
}

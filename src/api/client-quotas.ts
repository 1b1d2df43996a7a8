// DescribeClientQuotas and AlterClientQuotas (keys 48 and 49, KIP-546). Each entity is altered as a whole or not at all. Quotas are described in
// the order that Kafka's hash maps give. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import {
  alterClientQuotas as alterClientQuotasApi,
  describeClientQuotas as describeClientQuotasApi,
} from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { inMapOrder, mapHash, stringHash } from "../base/java-order.ts";
import { exceedsBatch, TOO_MANY_CHANGES } from "../cluster/batch-limit.ts";
import {
  clientQuotaKey,
  decideQuota,
  matchesQuotaFilter,
  type QuotaEntity,
  type QuotaFilterComponent,
  quotaEntityOf,
  quotaEntityText,
  quotaFilterFault,
} from "../cluster/client-quotas.ts";
import type { Change, ClusterImage } from "../cluster/image.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { serve } from "./handler.ts";
import { CLUSTER_UNAUTHORIZED } from "./unauthorized.ts";

export const describeClientQuotas = serve(describeClientQuotasApi, "0-1", ["DESCRIBE_CONFIGS CLUSTER"], (services, request, { access }) => {
  if (!access.permitsOnCluster("DESCRIBE_CONFIGS CLUSTER"))
    return { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, errorMessage: null, entries: null };
  const components = request.components.map(
    ({ entityType, matchType, match }): QuotaFilterComponent => ({ type: entityType, matchType, match }),
  );
  const fault = quotaFilterFault(components);
  if (fault !== undefined) {
    return {
      errorCode: fault.isUnsupported ? Errors.UNSUPPORTED_VERSION : Errors.INVALID_REQUEST,
      errorMessage: fault.message,
      entries: null,
    };
  }
  // A strict filter without components matches nothing, as no entity is empty.
  const all = inMapOrder([...services.cluster.image.clientQuotas.values()], ({ entity }) => entityHash(entity), { isPresized: true });
  const found = all.filter(({ entity }) => matchesQuotaFilter(entity, components, request.strict));
  const entries = found.map(({ entity, values }) => ({
    entity: inKeyOrder(namesOf(entity)).map(([entityType, entityName]) => ({ entityType, entityName })),
    // They have been in the map of a request before.
    values: inKeyOrder(inKeyOrder(Object.entries(values)), { isPresized: true }).map(([key, value]) => ({ key, value })),
  }));
  return { errorCode: Errors.NONE, errorMessage: "", entries };
});

function namesOf(entity: QuotaEntity): [string, string | null][] {
  return Object.entries(entity).map(([type, name]) => [type, name ?? null]);
}

function inKeyOrder<Pair extends readonly [string, unknown]>(pairs: readonly Pair[], options?: { readonly isPresized: boolean }): Pair[] {
  return inMapOrder(pairs, ([key]) => stringHash(key), options);
}

/** Of an object with nothing but that map. */
function entityHash(entity: QuotaEntity): number {
  return (31 + mapHash(namesOf(entity))) | 0;
}

type Entry = DecodedMessage<typeof alterClientQuotasApi.request>["entries"][number];
type Components = readonly (readonly [type: string, name: string | null])[];

/** Of components with the same type the last counts. */
function componentsOf({ entity }: Entry): Components {
  return inKeyOrder([...new Map(entity.map(({ entityType, entityName }) => [entityType, entityName]))]);
}

export const alterClientQuotas = serve(alterClientQuotasApi, "0-1", ["ALTER_CONFIGS CLUSTER"], async (services, request, { access }) => {
  const entities = new Map<string, { readonly components: Components; readonly entries: Entry[] }>();
  for (const entry of request.entries) {
    const components = componentsOf(entry);
    const key = JSON.stringify(components);
    const known = entities.get(key);
    if (known === undefined) entities.set(key, { components, entries: [entry] });
    else known.entries.push(entry);
  }
  const asked = [...entities.values()];
  const isPermitted = access.permitsOnCluster("ALTER_CONFIGS CLUSTER");
  const outcomes = await services.cluster.transact((image) => {
    const result: (Change | Refusal)[] = asked.map(({ components, entries }) =>
      isPermitted ? decide(image, components, entries) : CLUSTER_UNAUTHORIZED,
    );
    const changes = result.filter((outcome): outcome is Change => !isRefusal(outcome));
    if (exceedsBatch(changes)) return { changes: [], result: asked.map(() => TOO_MANY_CHANGES) };
    return { changes: request.validateOnly ? [] : changes, result };
  });
  return {
    entries: asked.map(({ components }, index) => {
      const outcome = outcomes[index];
      const refusal = outcome !== undefined && isRefusal(outcome) ? outcome : undefined;
      const entity = components.map(([entityType, entityName]) => ({ entityType, entityName }));
      return { errorCode: refusal?.error ?? Errors.NONE, errorMessage: refusal?.message ?? null, entity };
    }),
  };
});

function decide(image: ClusterImage, components: Components, entries: readonly Entry[]): Change | Refusal {
  const invalid = (message: string): Refusal => ({ error: Errors.INVALID_REQUEST, message });
  const [entry] = entries;
  const keys = entry?.ops.map(({ key }) => key) ?? [];
  if (entry === undefined || entries.length > 1 || new Set(keys).size < keys.length)
    return invalid(`Ignoring duplicate entity ${quotaEntityText(components)}`);
  const entity: QuotaEntity | string = quotaEntityOf(components);
  if (typeof entity === "string") return invalid(entity);
  const values = decideQuota(entity, image.clientQuotas.get(clientQuotaKey(entity))?.values ?? {}, entry.ops);
  return typeof values === "string" ? invalid(values) : { type: "clientQuota", entity, values };
}

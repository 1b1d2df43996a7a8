// What AlterConfigs and IncrementalAlterConfigs have in common. Each resource is altered as a whole or not at all, and independently of
// the others; all changes of a request are one transaction. Messages are Kafka's.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { loadPatterns } from "../base/patterns.ts";
import { repeated } from "../base/repeated.ts";
import { Slices } from "../base/slices.ts";
import { exceedsBatch, TOO_MANY_CHANGES } from "../cluster/batch-limit.ts";
import { type Change, ImageDraft } from "../cluster/image.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import type { Access } from "../security/access.ts";
import { type ConfigAccess, configRefusal } from "./config-access.ts";
import { type ConfigResource, ConfigResources, configResourceKey } from "./config-resource.ts";
import type { Services } from "./services.ts";
import { type SettingsTarget, settingsTarget } from "./settings-target.ts";

type Texts = Readonly<Record<string, string>>;

export interface AlterWish extends ConfigResource {
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
  /** Names that must have a value and have none. */
  readonly nullNames: readonly string[];
  /** What is to be set on the resource. */
  readonly newValues: (target: SettingsTarget) => Texts | Refusal;
}

export interface AlterAnswer extends ConfigResource {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
}

export function alterAnswer({ resourceType, resourceName }: ConfigResource, refusal: Refusal | undefined): AlterAnswer {
  return { resourceType, resourceName, errorCode: refusal?.error ?? Errors.NONE, errorMessage: refusal?.message ?? null };
}

/** One answer a wish, in order. */
export async function alterSettings(services: Services, wishes: readonly AlterWish[], validateOnly: boolean): Promise<AlterAnswer[]> {
  const { brokerId, config, cluster, securityFault } = services;
  const mayHavePatterns = wishes.some(({ resourceType }) => resourceType === ConfigResources.CLIENT_METRICS);
  const compilePattern = mayHavePatterns ? await loadPatterns() : undefined;
  const slices = new Slices(services.clock);
  const { answers, altered } = await cluster.transact(async (image) => {
    const seen = new ImageDraft(image);
    const changes: Change[] = [];
    const made = await slices.map(wishes, (wish) => {
      const change = decide({ brokerId, config, image: seen.image, compilePattern, securityFault }, wish);
      if (isRefusal(change)) return alterAnswer(wish, change);
      seen.apply(change);
      changes.push(change);
      return alterAnswer(wish, undefined);
    });
    if (exceedsBatch(changes))
      return { changes: [], result: { answers: wishes.map((wish) => alterAnswer(wish, TOO_MANY_CHANGES)), altered: [] } };
    const alteredNow = made.filter(({ errorCode }) => errorCode === Errors.NONE);
    return { changes: validateOnly ? [] : changes, result: { answers: made, altered: validateOnly ? [] : alteredNow } };
  });
  for (const { resourceType, resourceName } of altered) services.logger.info({ resourceType, resourceName }, "altered settings");
  return answers;
}

function decide(question: Parameters<typeof settingsTarget>[0], wish: AlterWish): Change | Refusal {
  const fault = wishFault(wish);
  if (fault !== undefined) return fault;
  const target = settingsTarget(question, wish);
  if (isRefusal(target)) return target;
  const values = wish.newValues(target);
  if (isRefusal(values)) return values;
  return target.fault(values) ?? target.change(values);
}

/** What is wrong with a wish whatever it is about. */
export function wishFault({ configs, nullNames }: AlterWish): Refusal | undefined {
  if (nullNames.length > 0) return { error: Errors.INVALID_REQUEST, message: `Null value not supported for : ${nullNames.join(", ")}` };
  const names = new Set(configs.map(({ name }) => name));
  return names.size === configs.length ? undefined : { error: Errors.INVALID_REQUEST, message: "Error due to duplicate config keys" };
}

/**
 * Resources that are not altered whatever is wished of them: the request names them more than once, or the client may not. Whoever alters
 * loggers, which are this broker's own, judges for itself whether the client may.
 */
export function refusedResources(resources: readonly ConfigResource[], permits: ConfigAccess): ReadonlyMap<ConfigResource, Refusal> {
  const twice = repeated(resources.map(configResourceKey));
  const refused = new Map<ConfigResource, Refusal>();
  for (const resource of resources) {
    const isLogger = resource.resourceType === ConfigResources.BROKER_LOGGER;
    const unauthorized = isLogger ? undefined : configRefusal(resource, permits);
    const refusal = twice.has(configResourceKey(resource)) ? REPEATED_RESOURCE : unauthorized;
    if (refusal !== undefined) refused.set(resource, refusal);
  }
  return refused;
}

const REPEATED_RESOURCE: Refusal = { error: Errors.INVALID_REQUEST, message: "Each resource must appear at most once." };

/** What both requests that alter settings ask for. */
export const ALTER_NEEDS = ["ALTER_CONFIGS TOPIC", "ALTER_CONFIGS CLUSTER", "ALTER_CONFIGS GROUP"] as const;

export function alterAccess(access: Access<(typeof ALTER_NEEDS)[number]>): ConfigAccess {
  return {
    onTopic: (name) => access.permits("ALTER_CONFIGS TOPIC", name),
    onGroup: (name) => access.permits("ALTER_CONFIGS GROUP", name),
    onCluster: () => access.permitsOnCluster("ALTER_CONFIGS CLUSTER"),
  };
}

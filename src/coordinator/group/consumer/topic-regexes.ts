// Subscriptions by regular expression: which topics an expression stands for, as far as the member may see them (DESCRIBE), and internal
// topics among them as in Kafka. Expressions are RE2's (base/patterns.ts) and fit a topic's whole name.
//
// A new one is resolved before its member's heartbeat is decided, so that the member has its assignment at once. All of a group are resolved
// anew when topics have come or gone, and after `group.consumer.regex.refresh.interval.ms`, beside the heartbeat that brings it up; what is
// different then raises the group's epoch.

import { Errors } from "../../../../protocol/errors.ts";
import { loadPatterns, type Pattern, patternFault } from "../../../base/patterns.ts";
import { Slices } from "../../../base/slices.ts";
import type { Refusal } from "../../../cluster/refusal.ts";
import type { Access } from "../../../security/access.ts";
import { answer, type Decision } from "../../decision.ts";
import type { GroupEnvironment } from "../group-environment.ts";
import type { ConsumerRecord, GroupRecord } from "../group-record.ts";
import type { RegexChange } from "../subscriptions.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { ResolvedRegex } from "./consumer-member.ts";

type TopicAccess = Access<"DESCRIBE TOPIC">;

/** Topics that come one after another are seen to together. */
const SHORTEST_REFRESH_MS = 500;

export async function resolveRegex(environment: GroupEnvironment, regex: string, access: TopicAccess): Promise<ResolvedRegex | Refusal> {
  const compile = await loadPatterns();
  const pattern = compile(regex);
  if (pattern !== undefined) return await topicsOf(environment, pattern, access);
  const fault = (await patternFault(regex)) ?? "expression too large";
  return {
    error: Errors.INVALID_REGULAR_EXPRESSION,
    message: `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${fault}.`,
  };
}

/** Whether the expressions of the group are to be resolved anew now. */
export function isRefreshDue({ clock, settings }: GroupEnvironment, group: ConsumerGroup): boolean {
  const { subscriptions, regexesResolvedAtMs, areRegexesStale, isResolving } = group;
  if (subscriptions.regexes().size === 0 || isResolving) return false;
  const sinceMs = regexesResolvedAtMs === undefined ? Number.POSITIVE_INFINITY : clock.now() - regexesResolvedAtMs;
  const areNew = areRegexesStale || subscriptions.regexes().size !== subscriptions.resolvedRegexes().size;
  return sinceMs >= (areNew ? SHORTEST_REFRESH_MS : settings["group.consumer.regex.refresh.interval.ms"]);
}

/** @param run runs an operation on the shard of the group */
export async function refreshRegexes(
  environment: GroupEnvironment,
  group: ConsumerGroup,
  access: TopicAccess,
  run: (operation: () => Decision<GroupRecord, void>) => void,
): Promise<void> {
  group.isResolving = true;
  group.areRegexesStale = false;
  group.regexesResolvedAtMs = environment.clock.now();
  const compile = await loadPatterns();
  const changes: RegexChange[] = [];
  for (const regex of [...group.subscriptions.regexes().keys()]) {
    const pattern = compile(regex);
    if (pattern !== undefined) changes.push({ regex, as: await topicsOf(environment, pattern, access) });
  }
  group.isResolving = false;
  run(() => decideRefresh(environment, group, changes));
}

function decideRefresh(environment: GroupEnvironment, group: ConsumerGroup, resolved: readonly RegexChange[]): Decision<GroupRecord, void> {
  const { groupId, subscriptions } = group;
  const changes = resolved.filter(({ regex, as }) => {
    const before = subscriptions.resolvedRegexes().get(regex);
    return subscriptions.regexes().has(regex) && (before === undefined || before.topics.join() !== as?.topics.join());
  });
  if (changes.length === 0) return answer(undefined);
  const records: ConsumerRecord[] = changes.map(({ regex, as = null }) => ({ type: "consumerRegex", groupId, regex, resolved: as }));
  const metadataHash = subscriptions.supposing([], changes, () => environment.topicHashes.hashOf(subscriptions.topicNames()));
  records.push({ type: "consumerGroup", groupId, value: { epoch: group.epoch + 1, metadataHash } });
  const regexes = changes.map(({ regex, as }) => ({ regex, topics: as?.topics.length }));
  return {
    records,
    applied: () => environment.logger.info({ group: groupId, regexes }, "regular expressions of a group stand for other topics"),
  };
}

async function topicsOf({ topics, topicHashes, clock }: GroupEnvironment, pattern: Pattern, access: TopicAccess): Promise<ResolvedRegex> {
  const { version } = topicHashes;
  const slices = new Slices(clock);
  const matched: string[] = [];
  for (const name of [...topics.names()]) {
    if (slices.isOver) await slices.next();
    if (pattern.matches(name) && access.permitsQuietly("DESCRIBE TOPIC", name)) matched.push(name);
  }
  return { topics: matched.sort(), version, timestampMs: clock.now() };
}

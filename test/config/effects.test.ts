// No setting is marked as honoured without a test that changes it and sees the effect. In the suites here the title of a test begins with
// the settings that it is about; what other suites see is listed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { brokerSettingTable } from "../../src/config/broker-settings.ts";
import { clientMetricsSettingTable } from "../../src/config/client-metrics-settings.ts";
import { groupSettingTable } from "../../src/config/group-settings.ts";
import type { SettingTable } from "../../src/config/setting.ts";
import { TOPIC_SYNONYMS, topicSettingTable } from "../../src/config/topic-settings.ts";

/** By the suite under test that changes them. */
const ELSEWHERE: { readonly [suite: string]: readonly string[] } = {
  "api/old-clients.test.ts": ["odradek.old.protocol.versions"],
  "api/auto-creation.test.ts": ["odradek.auto.create.after.deletion.ms", "odradek.auto.create.answers.created"],
  "cluster/secured-peers.test.ts": ["inter.broker.listener.name", "security.inter.broker.protocol"],
  "coordinator/consumer/migration.test.ts": ["group.consumer.migration.policy"],
  "coordinator/disconnected-members.test.ts": ["odradek.group.disconnected.member.timeout.ms"],
  "coordinator/expiry.test.ts": ["offsets.retention.check.interval.ms", "offsets.retention.minutes"],
  "coordinator/join.test.ts": ["group.initial.rebalance.delay.ms", "group.max.size"],
  "diskless/settings.test.ts": [
    "diskless.append.linger.ms",
    "diskless.append.max.bytes",
    "diskless.cache.bytes",
    "diskless.cache.dir",
    "diskless.cache.disk.bytes",
    "diskless.object.grace.ms",
    "diskless.pending.max.bytes",
    "diskless.upkeep.interval.ms",
  ],
  "membership/cluster-node.test.ts": ["broker.heartbeat.interval.ms", "broker.session.timeout.ms"],
  "cli/start-machine.test.ts": ["diskless.cluster", "diskless.objects"],
  "embedding/acls.test.ts": ["odradek.acls"],
};

const honoured = (table: SettingTable) => Object.keys(table).filter((name) => table[name]?.rules.honoured);

test("every honoured setting is changed by a test", () => {
  const suites = readdirSync(import.meta.dirname).filter((name) => /^effects-.*\.test\.ts$/.test(name));
  const texts = suites.map((name) => readFileSync(join(import.meta.dirname, name), "utf8"));
  const inTitles = texts.flatMap((text) =>
    [...text.matchAll(/^ *test(?:\.skipIf\(.*\))?\(\s*"([a-z0-9., ]+): /gm)].flatMap((match) => (match[1] ?? "").split(", ")),
  );
  const inRows = texts.flatMap((text) => [...text.matchAll(/^ {2}\["([a-z0-9.]+)", /gm)].map((match) => match[1] ?? ""));
  // effects-topics.test.ts holds its own table against the settings of topics, and goes through all that these are inherited from.
  const ofTopics = honoured(topicSettingTable);
  const inherited: Readonly<Record<string, readonly string[]>> = TOPIC_SYNONYMS;
  const byTopics = [...ofTopics, ...ofTopics.flatMap((name) => inherited[name] ?? [])];
  const changed = new Set([...inTitles, ...inRows, ...byTopics, ...Object.values(ELSEWHERE).flat()]);
  const all = [brokerSettingTable, topicSettingTable, groupSettingTable, clientMetricsSettingTable].flatMap(honoured);
  expect(all.filter((name) => !changed.has(name))).toEqual([]);
  expect([...inTitles, ...inRows].filter((name) => !all.includes(name))).toEqual([]);
});

test.each(Object.entries(ELSEWHERE))("%s changes what it is said to", (suite, names) => {
  const text = readFileSync(join(import.meta.dirname, "..", suite), "utf8");
  expect(names.filter((name) => !text.includes(`"${name}"`))).toEqual([]);
});

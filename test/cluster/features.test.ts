// Features of the cluster, over starts and in what they mean to a broker. Messages are those of Apache Kafka 4.3.1.

import { expect, test } from "vitest";
import { apiVersions, updateFeatures } from "../../protocol/messages/index.ts";
import { withNewFeatures } from "../../src/cluster/features.ts";
import { EffectBench } from "../config/effect-bench.ts";

const UPGRADE = 1;
const SAFE_DOWNGRADE = 2;

test("features that are new to the cluster are finalized at a start, those that were switched off stay so", () => {
  const fresh = withNewFeatures(undefined);
  expect(fresh).toMatchObject({ epoch: 1, levels: { "metadata.version": 30 } });
  expect(withNewFeatures(fresh)).toBe(fresh);
  const lowered = { epoch: 4, levels: { ...fresh.levels, "transaction.version": 0 } };
  expect(withNewFeatures(lowered)).toBe(lowered);
});

async function finalized({ asking }: EffectBench) {
  const answer = await asking.ask(apiVersions, { clientSoftwareName: "test", clientSoftwareVersion: "1" });
  return {
    epoch: answer.finalizedFeaturesEpoch,
    groupVersion: answer.finalizedFeatures.find(({ name }) => name === "group.version")?.maxVersionLevel,
  };
}

async function setGroupVersion({ asking }: EffectBench, maxVersionLevel: number, upgradeType: number) {
  const featureUpdates = [{ feature: "group.version", maxVersionLevel, upgradeType }];
  const { errorCode, errorMessage } = await asking.ask(updateFeatures, { timeoutMs: 1000, featureUpdates });
  return errorMessage ?? errorCode;
}

const isServed = ({ node }: EffectBench) => node.broker.services.groups.parts.servesConsumerProtocol();

test("data of a time before group.version gets it at the next start, and what was switched off since stays off", async () => {
  const first = await EffectBench.start();
  const { filesystem, clock } = first;
  const older = {
    epoch: 3,
    levels: { "metadata.version": 30, "transaction.version": 2, "eligible.leader.replicas.version": 1, "kraft.version": 0 },
  };
  await first.node.cluster.transact(() => ({ changes: [{ type: "features", ...older }], result: undefined }));
  expect(await finalized(first)).toMatchObject({ epoch: 3, groupVersion: undefined });
  expect(isServed(first)).toBe(false);
  await first[Symbol.asyncDispose]();

  const second = await EffectBench.start({ filesystem, clock });
  expect(await finalized(second)).toMatchObject({ epoch: 4, groupVersion: 1 });
  expect(isServed(second)).toBe(true);
  expect(await setGroupVersion(second, 0, SAFE_DOWNGRADE)).toBe(0);
  await second[Symbol.asyncDispose]();

  await using third = await EffectBench.start({ filesystem, clock });
  expect(await finalized(third)).toMatchObject({ epoch: 5, groupVersion: undefined });
  expect(isServed(third)).toBe(false);
});

test("group.version goes up and down while the broker runs", async () => {
  await using bench = await EffectBench.start();
  expect(await setGroupVersion(bench, 2, UPGRADE)).toMatch(
    /Invalid update version 2 for feature group.version. Local controller 1 only supports versions 0-1$/,
  );
  expect(await setGroupVersion(bench, 0, SAFE_DOWNGRADE)).toBe(0);
  expect(isServed(bench)).toBe(false);
  expect(await setGroupVersion(bench, 1, UPGRADE)).toBe(0);
  expect(isServed(bench)).toBe(true);
});

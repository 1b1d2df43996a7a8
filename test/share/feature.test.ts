// The feature of share groups, switched off and on again.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { updateFeatures } from "../../protocol/messages/index.ts";
import { startBroker } from "../../src/index.ts";
import { ShareStage } from "../share-answers/share-stage.ts";

const UNSAFE_DOWNGRADE = 3;
const UPGRADE = 1;

test("without share.version nobody fetches, and sessions and what members have are forgotten", async () => {
  const broker = await startBroker();
  const stage = await ShareStage.open(broker.port, "", { settleMs: 0 });
  const setLevel = async (maxVersionLevel: number) => {
    const upgradeType = maxVersionLevel === 0 ? UNSAFE_DOWNGRADE : UPGRADE;
    const featureUpdates = [{ feature: "share.version", maxVersionLevel, upgradeType }];
    const answer = await stage.ask(updateFeatures, 1, { timeoutMs: 1000, featureUpdates, validateOnly: false });
    expect(answer.errorCode).toBe(Errors.NONE);
  };
  try {
    await stage.begin();
    await stage.produce([1]);
    const a = await stage.member("a");
    await a.fetch();
    await setLevel(0);
    await a.fetch({ epoch: 1 });
    await setLevel(1);
    await a.fetch({ epoch: 1 });
    await a.fetch({ epoch: 0, partitions: [0] });
    expect(stage.lines.map((line) => line.replace(/^.* → /, "").trim())).toEqual([
      "0: [0-0 x1] of 0-0",
      "UNSUPPORTED_VERSION",
      "SHARE_SESSION_NOT_FOUND",
      "0: [0-0 x1] of 0-0",
    ]);
  } finally {
    stage.close();
    await broker.stop();
  }
});

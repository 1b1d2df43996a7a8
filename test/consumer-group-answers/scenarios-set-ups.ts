// What depends on how the broker is set up: policies of migration, the size of groups, assignors, protocols that are not served.

import * as messages from "../../protocol/messages/index.ts";
import { ClassicMember } from "./classic-member.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { type Profile, type Scenario, scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

const POLICIES = ["policy disabled", "policy upgrade", "policy downgrade"] as const satisfies readonly Profile[];

/** The features of groups that the broker has, and that are finalized. */
async function features(stage: Stage): Promise<void> {
  const answer = await stage.quietly(messages.apiVersions, 4, { clientSoftwareName: "raw", clientSoftwareVersion: "1" });
  const ofGroups = ({ name }: { readonly name: string }) => name === "group.version";
  stage.note(
    `supported ${stage.text(answer.supportedFeatures.filter(ofGroups))} finalized ${stage.text(answer.finalizedFeatures.filter(ofGroups))}`,
  );
  const keys: readonly number[] = [messages.consumerGroupHeartbeat.key, messages.consumerGroupDescribe.key];
  stage.note(`served ${stage.text(answer.apiKeys.filter(({ apiKey }) => keys.includes(apiKey)))}`);
}

async function overAndBack(stage: Stage): Promise<void> {
  await stage.topic("t", 2);
  const c = await ClassicMember.of(stage, "C");
  await c.enter({ topics: ["t"] });
  await c.sync({ assigns: { [c.memberId]: { t: [0, 1] } } });
  const a = new ConsumerMember(stage, "A");
  await a.join({ topics: ["t"] });
  await c.heartbeat();
  await stage.list();
  await c.leave();
  await a.join({ topics: ["t"] });
  await stage.list();
  const d = await ClassicMember.of(stage, "D");
  await d.enter({ topics: ["t"] });
  await d.sync();
  await stage.list();
  await a.leave();
  await stage.list();
  await d.heartbeat();
  await d.leave();
  await stage.list();
}

async function emptyOverAndBack(stage: Stage): Promise<void> {
  await stage.topic("t", 2);
  const a = new ConsumerMember(stage, "A");
  await a.join({ topics: ["t"] });
  await a.leave();
  const c = await ClassicMember.of(stage, "C");
  await c.enter({ topics: ["t"] });
  await stage.list();
  await c.leave();
  await a.join({ topics: ["t"] });
  await stage.list();
}

export const SET_UP_SCENARIOS: readonly Scenario[] = [
  scenario("features and versions", features),
  ...POLICIES.flatMap((policy) => [
    scenario(`members of both protocols, ${policy}`, overAndBack, policy),
    scenario(`empty groups of both protocols, ${policy}`, emptyOverAndBack, policy),
  ]),

  scenario(
    "a group that is full",
    async (stage) => {
      await stage.topic("t", 3);
      const [a, b, c] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B", { instance: "i" }), new ConsumerMember(stage, "C")];
      await a.join({ topics: ["t"] });
      await b.join({ topics: ["t"] });
      await c.join({ topics: ["t"] });
      await a.beat();
      await a.join({ topics: ["t"] });
      await b.beat({ epoch: -2 });
      await new ConsumerMember(stage, "D", { instance: "i" }).join({ topics: ["t"] });
      await c.beat({ epoch: 1 });
      const d = await ClassicMember.of(stage, "E");
      await d.join({ topics: ["t"] });
      await stage.describe();
      await a.leave();
      await c.join({ topics: ["t"] });
    },
    "limited",
  ),

  scenario(
    "a classic group that is too large to be upgraded",
    async (stage) => {
      await stage.topic("t", 1);
      const c = await ClassicMember.of(stage, "C");
      const d = await ClassicMember.of(stage, "D");
      await c.enter({ topics: ["t"] });
      await d.join({ topics: ["t"] });
      const joining = await d.startJoin({ topics: ["t"] });
      await c.untilTold(27);
      const rejoining = await c.startJoin({ topics: ["t"] });
      await rejoining();
      await joining();
      await new ConsumerMember(stage, "A").join({ topics: ["t"] });
    },
    "limited",
  ),

  scenario(
    "assignors and racks of the broker",
    async (stage) => {
      await stage.topic("t", 3);
      const a = new ConsumerMember(stage, "A");
      await a.join({ topics: ["t"], assignor: "uniform" });
      await a.join({ topics: ["t"], rack: "r1" });
      await stage.describe();
      await a.beat({ assignor: "range" });
    },
    "limited",
  ),

  scenario(
    "only the classic protocol is served",
    async (stage) => {
      await features(stage);
      await stage.topic("t", 1);
      const a = new ConsumerMember(stage, "A");
      await a.join({ topics: ["t"] });
      await a.join({ group: "", topics: ["t"] });
      await a.beat({ epoch: 1 });
      await stage.describe();
      const c = await ClassicMember.of(stage, "C");
      await c.enter({ topics: ["t"] });
      await stage.list();
    },
    "classic only",
  ),

  scenario(
    "the feature is withdrawn and comes back",
    async (stage) => {
      await stage.topic("t", 1);
      const a = new ConsumerMember(stage, "A");
      const update = async (level: number, upgradeType: number): Promise<void> => {
        const updates = [{ feature: "group.version", maxVersionLevel: level, upgradeType }];
        await stage.ask(messages.updateFeatures, 2, { timeoutMs: 10_000, featureUpdates: updates, validateOnly: false });
        await stage.wait(stage.place.settles ? 300 : 0);
        await features(stage);
      };
      await update(0, 1);
      await update(0, 2);
      await a.join({ topics: ["t"] });
      await stage.describe();
      await update(1, 1);
      await a.join({ topics: ["t"] });
      await stage.describe();
      await update(0, 2);
      await a.beat();
      await stage.describe();
      await stage.list();
    },
    "feature off",
  ),
];

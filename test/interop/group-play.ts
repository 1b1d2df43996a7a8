// A scenario of a group (group-scene.ts) as it is played by members of each library alone, and by members of all together.

import type { BrokerUnderTest } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { canBuildFranzGoMember, type MemberClient } from "./group-member.ts";
import { type GroupBrokers, GroupScene } from "./group-scene.ts";

export interface Cast {
  readonly name: string;
  /** Whose members take part, in this order and from the first again. */
  readonly clients: readonly MemberClient[];
}

export const CASTS: readonly Cast[] = [
  { name: "java", clients: ["java"] },
  { name: "librdkafka", clients: ["librdkafka"] },
  { name: "our own", clients: ["odradek"] },
  ...(canBuildFranzGoMember()
    ? [
        { name: "franz-go", clients: ["franz-go"] as const },
        { name: "all three", clients: ["java", "librdkafka", "franz-go"] as const },
      ]
    : []),
];

export interface Play {
  readonly scene: GroupScene;
  /** Which client the member of this number, from 0 on, is of. */
  readonly client: (index: number) => MemberClient;
  readonly see: (what: string, observed: Observation) => void;
}

/** Those whose members can send what they make of what they consume. */
export const TRANSFORMERS = CASTS.filter(({ clients }) => !clients.includes("odradek"));

/** With each cast. */
export function playEach(brokers: GroupBrokers, title: string, about: string, play: (play: Play) => Promise<void>, casts = CASTS): void {
  for (const cast of casts) compare(`${cast.name}: ${title}`, async (broker) => playOn(await brokers.of(broker), about, cast, play));
}

/** On a topic "<what it is about>-<cast>-orders" of six partitions. The scene is finished in the end, if the play does not do so. */
export function playOn(broker: BrokerUnderTest, about: string, cast: Cast, play: (play: Play) => Promise<void>): Promise<Observation> {
  return GroupScene.run(broker, `${about}-${cast.name.replace(" ", "-")}`, { orders: 6 }, async (scene) => {
    const observed: Record<string, Observation> = {};
    const client = (index: number): MemberClient => cast.clients[index % cast.clients.length] ?? "java";
    const see = (what: string, seen: Observation): void => {
      observed[what] = seen;
    };
    await play({ scene, client, see });
    await scene.finish();
    return observed;
  });
}

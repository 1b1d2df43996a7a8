// Groups of members of both protocols and three libraries in a storm of changes (group-storm.ts). What is wrong in the end is told by the
// members' own logs (member-history.ts).
//
//   GROUP_SEEDS=1-20   as many seeds (also "3,5,8") in the place of the few that a run has

import { afterAll, describe } from "vitest";
import { compare } from "./compare.ts";
import { CASTS, type Cast, playOn } from "./group-play.ts";
import { GroupBrokers } from "./group-scene.ts";
import { storm } from "./group-storm.ts";
import { port } from "./port.ts";
import { seedsOf } from "./seeds.ts";

const SEEDS = seedsOf(process.env["GROUP_SEEDS"], [1, 2]);
const brokers = new GroupBrokers("consumer-protocol-storm", { kafka: port(20792), odradek: port(20892) });
afterAll(() => brokers.stop());

const EVERYBODY: Cast = { name: "everybody", clients: [...new Set(CASTS.flatMap(({ clients }) => clients))] };

describe.concurrent("groups in a storm", () => {
  for (const seed of SEEDS) {
    compare(`seed ${seed}: whoever comes and goes, nothing is lost, owned twice, or consumed twice that was committed`, async (broker) =>
      playOn(await brokers.of(broker), `storm-${seed}`, EVERYBODY, async ({ scene }) => {
        const members = await storm(scene, seed, EVERYBODY.clients);
        await scene.spread(members);
        await scene.flow();
      }),
    );
  }
});

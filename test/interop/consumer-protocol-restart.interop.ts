// A group of the consumer protocol whose broker, which is its coordinator, is killed and started again on its data while records flow.

import { afterAll } from "vitest";
import { compare } from "./compare.ts";
import type { GroupMember } from "./group-member.ts";
import { CASTS, type Cast, playOn } from "./group-play.ts";
import { GroupBrokers } from "./group-scene.ts";
import { port } from "./port.ts";

/** Whose members wait for a broker; our own ends, and says so. */
const PATIENT = CASTS.findLast(({ clients }) => !clients.includes("odradek")) as Cast;
const brokers = new GroupBrokers("consumer-protocol-restart", { kafka: port(20792), odradek: port(20892) });
afterAll(() => brokers.stop());

compare("the broker of a group is killed and started again, and its members do not notice", async (broker) => {
  const own = await brokers.of(broker);
  return playOn(own, "restart", PATIENT, async ({ scene, client, see }) => {
    // Sessions begin anew when the coordinator has read its log; members come when they have found it.
    await scene.setSessionMs(45_000);
    const members: GroupMember[] = [];
    for (const index of PATIENT.clients.keys()) members.push(await scene.join(client(index), `member-${index}`));
    see("at first", (await scene.spread(members)).shares);
    await scene.flow();
    const before = scene.moves();
    await brokers.restart(own);
    await scene.flow();
    await scene.flow();
    see("given or taken", scene.moves() - before);
    see("afterwards", (await scene.spread(members)).shares);
    await members[0]?.leave();
    see("one left", (await scene.spread(members.slice(1))).shares);
    await scene.flow();
  });
});

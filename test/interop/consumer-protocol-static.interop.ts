// Members of the consumer protocol (KIP-848) of three libraries, each alone and all together, while records flow: static ones are started
// again, and topics that match a regular expression come and grow. What is wrong is told by the members' own logs (member-history.ts).

import { afterAll, describe } from "vitest";
import { playEach } from "./group-play.ts";
import { GroupBrokers } from "./group-scene.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";

const brokers = new GroupBrokers("consumer-protocol-static", { kafka: port(20792), odradek: port(20892) });
afterAll(() => brokers.stop());

describe.concurrent("members of the consumer protocol", () => {
  playEach(
    brokers,
    "a static member that is started again has what it had, and nobody else notices",
    "static",
    async ({ scene, client, see }) => {
      // franz-go 1.21 forgets to name its instance when it leaves, so that it is as if it had died.
      const isWaitedFor = client(0) !== "franz-go";
      if (isWaitedFor) await scene.setSessionMs(60_000); // For one that starts slowly, as all do on a busy machine.
      const others = [await scene.join(client(1), "first"), await scene.join(client(2), "second", { instance: "two" })];
      const before = await scene.join(client(0), "third", { instance: "three" });
      see("at first", (await scene.spread([...others, before])).shares);
      const places = scene.placesOf(before);
      const noticed = () => others.map((other) => other.events().filter((event) => "places" in event).length);
      const noticedBefore = noticed();
      await before.leave();
      const after = await scene.join(client(0), "third-again", { instance: "three" });
      see("afterwards", (await scene.spread([...others, after])).shares);
      if (isWaitedFor) see("it has the same", scene.placesOf(after).join() === places.join());
      if (isWaitedFor) see("others notice", noticed().join() !== noticedBefore.join());
      await scene.flow();
      const [placesAfter, noticedAfter] = [scene.placesOf(after), noticed()];
      const intruder = await scene.join(client(0), "intruder", { instance: "three" });
      const told = async () => intruder.events().find(({ event }) => event === "error" || event === "failed" || event === "assigned");
      const answer = await waitFor("what an intruder is told", told, (event) => event !== undefined);
      see("an intruder is refused", /unreleased_?instance_?id|instance id is still used/i.test(JSON.stringify(answer)));
      await scene.dismiss(intruder);
      see("nobody notices it", noticed().join() === noticedAfter.join() && scene.placesOf(after).join() === placesAfter.join());
    },
  );

  playEach(brokers, "topics that match a regular expression come, and grow", "regex", async ({ scene, client, see }) => {
    const pattern = `^${scene.topic("orders")}.*`;
    const members = [await scene.join(client(0), "first", { pattern }), await scene.join(client(1), "second", { pattern })];
    see("at first", (await scene.spread(members)).shares);
    await scene.flow();
    await scene.createOutput("unrelated");
    await scene.createTopic("orders-of-others", 3);
    see("with a topic more", (await scene.spread(members)).shares);
    await scene.flow();
    await scene.growTopic("orders", 8);
    see("with partitions more", (await scene.spread(members)).shares);
    await scene.flow();
  });
});

// Members of the consumer protocol (KIP-848) of three libraries, each alone and all together, while records flow: they come, go, die and come
// back, and one stands still beyond its session. What is wrong is told by the members' own logs (member-history.ts).

import { afterAll, describe } from "vitest";
import { playEach } from "./group-play.ts";
import { GroupBrokers } from "./group-scene.ts";
import { port } from "./port.ts";

const brokers = new GroupBrokers("consumer-protocol", { kafka: port(20792), odradek: port(20892) });
afterAll(() => brokers.stop());

describe.concurrent("members of the consumer protocol", () => {
  playEach(brokers, "members come one by one, leave, die and come back", "life", async ({ scene, client, see }) => {
    const first = await scene.join(client(0), "first");
    see("one", await scene.spread([first]));
    const second = await scene.join(client(1), "second");
    see("two", await scene.spread([first, second]));
    const third = await scene.join(client(2), "third");
    see("three", await scene.spread([first, second, third]));
    await scene.flow();
    await first.leave();
    see("one left", await scene.spread([second, third]));
    await scene.flow();
    await second.kill();
    see("one died", await scene.spread([third]));
    const fourth = await scene.join(client(0), "fourth");
    see("one came", await scene.spread([third, fourth]));
    await scene.flow();
  });

  playEach(
    brokers,
    "a member that stood still beyond its session commits nothing, and comes back",
    "stopped",
    async ({ scene, client, see }) => {
      const first = await scene.join(client(0), "first");
      const second = await scene.join(client(1), "second");
      see("at first", (await scene.spread([first, second])).shares);
      await scene.flow();
      see("its commit", await scene.standStill(first, [second]));
      see("it is back", (await scene.spread([first, second])).shares);
      await scene.flow();
    },
  );
});

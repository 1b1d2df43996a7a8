// Members of the consumer protocol (KIP-848) of three libraries, each alone and all together, while records flow: they come, go, die and come
// back; topics come and grow; one stands still beyond its session. What is wrong is told by the members' own logs (member-history.ts).

import { afterAll, describe } from "vitest";
import { compare } from "./compare.ts";
import { CASTS, type Play, playOn } from "./group-play.ts";
import { GroupBrokers } from "./group-scene.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";

const brokers = new GroupBrokers("consumer-protocol", { kafka: port(20792), odradek: port(20892) });
afterAll(() => brokers.stop());

function scenario(title: string, about: string, play: (play: Play) => Promise<void>): void {
  describe.concurrent(title, () => {
    for (const cast of CASTS) compare(`${cast.name}: ${title}`, async (broker) => playOn(await brokers.of(broker), about, cast, play));
  });
}

scenario("members come one by one, leave, die and come back", "life", async ({ scene, client, see }) => {
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

scenario("a static member that is started again has what it had, and nobody else notices", "static", async ({ scene, client, see }) => {
  await scene.setSessionMs(20_000); // For one that starts slowly.
  const others = [await scene.join(client(1), "first"), await scene.join(client(2), "second", { instance: "two" })];
  const before = await scene.join(client(0), "third", { instance: "three" });
  see("at first", (await scene.spread([...others, before])).shares);
  const places = scene.placesOf(before);
  const noticed = () => others.map((other) => other.events().filter((event) => "places" in event).length);
  const noticedBefore = noticed();
  await before.leave();
  const after = await scene.join(client(0), "third-again", { instance: "three" });
  see("afterwards", (await scene.spread([...others, after])).shares);
  // franz-go 1.21 forgets its instance when it leaves, so that it is as if it had died.
  const isWaitedFor = client(0) !== "franz-go";
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
});

scenario("topics that match a regular expression come, and grow", "regex", async ({ scene, client, see }) => {
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

scenario("a member that stood still beyond its session commits nothing, and comes back", "stopped", async ({ scene, client, see }) => {
  const first = await scene.join(client(0), "first");
  const second = await scene.join(client(1), "second");
  see("at first", (await scene.spread([first, second])).shares);
  await scene.flow();
  first.tell("hold");
  await scene.event(first, "held");
  first.stop();
  see("one stands still", (await scene.spread([second])).shares);
  await scene.flow();
  first.tell("go");
  first.continue();
  see("its commit", (await scene.event(first, "refused")).error);
  see("it is back", (await scene.spread([first, second])).shares);
  await scene.flow();
});

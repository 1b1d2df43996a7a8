// Members of the consumer protocol that consume, transform and produce in transactions with their offsets: one stands still beyond its session
// with its transaction open, one dies in the middle of one. Every record is transformed once.

import { afterAll, describe } from "vitest";
import { playEach, TRANSFORMERS } from "./group-play.ts";
import { GroupBrokers } from "./group-scene.ts";
import { port } from "./port.ts";

const brokers = new GroupBrokers("consumer-protocol-transactions", { kafka: port(20792), odradek: port(20892) });
afterAll(() => brokers.stop());

describe.concurrent("transformers", () => {
  playEach(
    brokers,
    "a member transforms once what it consumes, and a zombie's offsets are refused",
    "transform",
    async ({ scene, client, see }) => {
      const output = await scene.createOutput("output");
      const join = (index: number, name: string, transactionalId = scene.topic(name)) =>
        scene.join(client(index), name, { output, transactionalId });
      const first = await join(0, "first");
      const second = await join(1, "second");
      see("at first", (await scene.spread([first, second])).shares);
      await scene.flow();
      see("its offsets", await scene.standStill(first, [second]));
      see("it is back", (await scene.spread([first, second])).shares);
      await scene.flow();
      second.tell("hold");
      await scene.event(second, "held");
      await second.kill();
      const third = await join(1, "third", scene.topic("second"));
      see("another goes on with its transactional id", (await scene.spread([first, third])).shares);
      await scene.finish();
      see("transformed", await scene.transformed(output));
    },
    TRANSFORMERS,
  );
});

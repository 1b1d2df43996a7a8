import { expect, test } from "vitest";
import { Brokers } from "../../src/client/brokers.ts";
import { startBroker } from "../../src/index.ts";
import { SchemaRegistry } from "../../src/registry/registry.ts";
import { TopicSchemaLog } from "../../src/registry/topic-log.ts";

test("a registry whose log is a broker's topic finds its schemas there again", async () => {
  const broker = await startBroker();
  const brokers = new Brokers(broker.bootstrapServers);
  try {
    const first = await SchemaRegistry.open(new TopicSchemaLog(brokers));
    for (const schema of ['"string"', '"bytes"']) {
      await first.exclusively(() => first.registrations.register("s", { schema }, false));
    }
    await first.exclusively(() => first.deletions.version("s", 1, false));
    const second = await SchemaRegistry.open(new TopicSchemaLog(brokers));
    expect(second.queries.versions("s", "all")).toEqual(first.queries.versions("s", "all"));
    expect((await second.exclusively(() => second.registrations.register("t", { schema: '"int"' }, false))).version.id).toBe(3);
  } finally {
    await brokers.close();
    await broker.stop();
  }
});

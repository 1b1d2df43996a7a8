// Kafka's tool for streams groups: what it prints of a group whose application runs, and of one whose application does not.

import { afterAll } from "vitest";
import { compare, type Observation } from "./compare.ts";
import { StreamsScene, streamsBrokers } from "./streams-scene.ts";
import { ToolRunner } from "./tool-runner.ts";
import { transcribe } from "./transcript.ts";

const brokers = streamsBrokers("streams-tools");
const tools = new ToolRunner();
afterAll(async () => {
  await tools.stop();
  await brokers.stop();
});

const RUNNING = `
groups --list
groups --list --streams
streams-groups --list
streams-groups --list --state
streams-groups --list --state stable,empty
~ streams-groups --describe --group %
streams-groups --describe --group % --members
streams-groups --describe --group % --members --verbose
streams-groups --describe --group % --state
streams-groups --describe --group % --state --verbose
streams-groups --describe --group %nope
streams-groups --describe --all-groups --state
~ streams-groups --group % --reset-offsets --input-topic %-in --to-earliest --execute
~ streams-groups --delete-offsets --group % --input-topic %-in
streams-groups --delete --group %
consumer-groups --describe --group %
consumer-groups --delete --group %
~ configs --describe --topic %-store-changelog
~ configs --describe --topic %-store-repartition
`;

const STOPPED = `
streams-groups --list --state
~ streams-groups --describe --group %
streams-groups --describe --group % --members
streams-groups --describe --group % --state
~ streams-groups --group % --reset-offsets --input-topic %-in --to-earliest
~ streams-groups --group % --reset-offsets --input-topic %-in --to-earliest --dry-run
~ streams-groups --group % --reset-offsets --input-topic %-in:1,2 --shift-by -1 --execute
~ streams-groups --group % --reset-offsets --input-topic %-in --to-offset 2 --execute
~ streams-groups --group % --reset-offsets --all-input-topics --to-earliest --execute --export
~ streams-groups --group % --reset-offsets --input-topic %unknown --to-latest --execute
~ streams-groups --group %nope --reset-offsets --input-topic %-in --to-latest --execute
~ streams-groups --describe --group % --offsets --verbose
~ streams-groups --delete-offsets --group % --input-topic %-in:0
~ streams-groups --delete-offsets --group % --input-topic %unknown
~ streams-groups --delete-offsets --group %nope --input-topic %-in
~ streams-groups --describe --group %
~ streams-groups --group % --reset-offsets --all-input-topics --to-earliest --execute --delete-internal-topic %-store-changelog
~ streams-groups --group % --reset-offsets --all-input-topics --to-earliest --execute --delete-all-internal-topics
streams-groups --delete --group %nope
streams-groups --delete --group %
streams-groups --list
~ streams-groups --describe --group %
streams-groups --delete --all-groups
streams-groups --delete
topics --list --exclude-internal
`;

compare("streams groups: Kafka's tool", async (broker) => {
  const own = await brokers.of(broker);
  const name = "streams-tools";
  return StreamsScene.run(own, name, async (scene) => {
    const run = (text: string): Promise<Observation> => {
      const lines = text.split("\n").filter((line) => line !== "");
      const named = lines.map((line) => line.replaceAll("%", name));
      return transcribe(named, own.bootstrap, (tool, args, stdin) => tools.run(tool, args, stdin));
    };
    await scene.send(8);
    const instance = await scene.start("first");
    await scene.places(instance);
    await scene.caughtUp();
    await scene.committed();
    const running = await run(RUNNING);
    await instance.close();
    return { running, stopped: await run(STOPPED) };
  });
});

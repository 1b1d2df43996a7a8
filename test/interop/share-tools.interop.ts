// Kafka's tools for share groups: what they print of a group without members, with one and without one again, and what its console consumer does.

import { afterAll } from "vitest";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { ShareScene, shareBrokers } from "./share-scene.ts";
import { ToolRunner } from "./tool-runner.ts";
import { transcribe } from "./transcript.ts";

const brokers = shareBrokers("share-tools");
const tools = new ToolRunner();
afterAll(async () => {
  await tools.stop();
  await brokers.stop();
});

const PRINTING = ["key", "offset", "partition", "delivery"].map((what) => `--formatter-property print.${what}=true`).join(" ");
const CONSUMING = `console-share-consumer --topic %t --group %g --timeout-ms 20000 ${PRINTING}`;

const WITHOUT_MEMBERS = `
share-groups --list
share-groups --describe --group %g
configs --describe --group %g
console-producer --topic %t <<< a\\nb\\nc\\nd\\ne\\nf\\n
${CONSUMING} --max-messages 2
${CONSUMING} --max-messages 1 --release
${CONSUMING} --max-messages 1 --reject
${CONSUMING} --max-messages 3
console-share-consumer --topic %t --group %g --timeout-ms 2000
console-share-consumer --topic %t --group %g --reject --release
console-share-consumer --group %g
console-share-consumer --topic %t --group %g --timeout-ms 2000 --command-property group.id=other
console-share-consumer --topic 'not a name' --group %g --timeout-ms 2000
groups --list
groups --list --share
share-groups --list --state
share-groups --list --state empty
share-groups --list --state Stable,Empty
share-groups --describe --group %g --offsets
share-groups --describe --group %g --offsets --verbose
share-groups --describe --group %g --members
share-groups --describe --group %g --members --verbose
share-groups --describe --group %g --state
share-groups --describe --group %g --state --verbose
share-groups --describe --group %nope
share-groups --describe --group %nope --members
share-groups --describe --group %nope --state
share-groups --describe --all-groups
consumer-groups --describe --group %g
share-groups --group %g --topic %t --reset-offsets --to-earliest
share-groups --group %g --topic %t --reset-offsets --to-earliest --dry-run
share-groups --describe --group %g
share-groups --group %g --topic %t --reset-offsets --to-earliest --execute
share-groups --describe --group %g
${CONSUMING} --max-messages 6
share-groups --group %g --topic %t --reset-offsets --to-datetime 2020-01-01T00:00:00.000 --execute
share-groups --group %g --all-topics --reset-offsets --to-latest --execute
share-groups --group %g --topic %t:0 --reset-offsets --to-earliest --execute
share-groups --group %g --topic %t:7 --reset-offsets --to-earliest --execute
share-groups --group %g --topic %unknown --reset-offsets --to-earliest --execute
share-groups --group %new --topic %t --reset-offsets --to-earliest --execute
share-groups --describe --group %new
`;

const WITH_A_MEMBER = `
share-groups --list --state
share-groups --describe --group %g
share-groups --describe --group %g --members
share-groups --describe --group %g --members --verbose
share-groups --describe --group %g --state
share-groups --describe --group %g --state --verbose
share-groups --group %g --topic %t --reset-offsets --to-earliest --execute
share-groups --delete-offsets --group %g --topic %t
share-groups --delete --group %g
consumer-groups --delete --group %g
`;

const WITHOUT_MEMBERS_AGAIN = `
share-groups --describe --group %g --members
share-groups --delete-offsets --group %g --topic %unknown
share-groups --delete-offsets --group %g --topic %t
share-groups --describe --group %g
share-groups --delete-offsets --group %g --topic %t
share-groups --delete-offsets --group %nope --topic %t
share-groups --delete-offsets --group %g
share-groups --delete --group %nope
share-groups --delete --group %g --group %new
share-groups --list
share-groups --delete --all-groups
share-groups --delete
share-groups --list --describe
`;

compare("share groups: Kafka's tools", async (broker) => {
  const own: BrokerUnderTest = await brokers.of(broker);
  return ShareScene.run(own, "tools", {}, async (scene) => {
    const run = (text: string): Promise<Observation> => {
      const lines = text.split("\n").filter((line) => line !== "");
      const named = lines.map((line) =>
        line.replaceAll("%t", scene.topic).replaceAll("%", `${scene.group}-`).replaceAll(`${scene.group}-g`, scene.group),
      );
      return transcribe(named, own.bootstrap, (tool, args, stdin) => tools.run(tool, args, stdin));
    };
    const before = await run(WITHOUT_MEMBERS);
    const member = await scene.open();
    await scene.send(1);
    const held = await scene.pollAll(member, 1);
    const during = await run(WITH_A_MEMBER);
    await member.acknowledge("accept", held);
    await member.close();
    return { before, during, after: await run(WITHOUT_MEMBERS_AGAIN) };
  });
});

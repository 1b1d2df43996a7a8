// Kafka's tool for streams groups: it prints the same lines on both brokers, and ours prints what Kafka's does on each.

import { afterAll, describe, expect, inject, test } from "vitest";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { compare } from "./compare.ts";
import { OwnBrokers } from "./own-brokers.ts";
import { port } from "./port.ts";
import { compareShims, runShim } from "./shims.ts";
import { ToolRunner } from "./tool-runner.ts";
import { type RunTool, transcribe } from "./transcript.ts";
import { TranscriptMembers } from "./transcript-members.ts";

const brokers = new OwnBrokers({
  title: "transcript-streams",
  ports: { kafka: port(19774), odradek: port(19874) },
  settings: {
    "group.streams.initial.rebalance.delay.ms": "0",
    "group.streams.assignment.interval.ms": "0",
    // Members are heard of when another comes or goes, and live as long as the lines take.
    "group.streams.max.session.timeout.ms": "600000",
    "group.streams.session.timeout.ms": "600000",
    "offsets.retention.check.interval.ms": "86400000",
  },
});
const tools = new ToolRunner();
afterAll(async () => {
  await tools.stop();
  await brokers.stop();
});

const LINES = `
topics --create --topic %a --partitions 2
topics --create --topic %b
console-producer --topic %a --reader-property parse.key=true --reader-property key.separator=: <<< k1:v1\\nk2:v2\\nk3:v3\\nk4:v4\\n
+ one streams %a --group %g
streams-groups --list
streams-groups --list --state
streams-groups --list --state stable,empty
streams-groups --list --group %g
groups --list --streams
~ streams-groups --describe --group %g
~ streams-groups --describe --group %g --offsets --verbose
streams-groups --describe --group %g --members
streams-groups --describe --group %g --members --verbose
streams-groups --describe --group %g --state
streams-groups --describe --group %g --state --verbose
+ two streams %a --group %g
streams-groups --describe --group %g --members --verbose
streams-groups --describe --group %unknown
streams-groups --describe --group %unknown --state
streams-groups --describe
streams-groups --describe --group %g --members --state
streams-groups --describe --group %g --state empty
streams-groups --verbose --group %g
streams-groups --group %g
streams-groups --list --describe --group %g
streams-groups --delete --group %g
~ streams-groups --delete --group %unknown --group %g
streams-groups --delete
streams-groups --delete --group %g --input-topic %a
streams-groups --group %g --input-topic %a --reset-offsets --to-earliest --execute
streams-groups --group %g --input-topic %a --reset-offsets --to-earliest
streams-groups --group %g --input-topic %a --reset-offsets --to-earliest --execute --dry-run
streams-groups --group %g --reset-offsets --to-earliest --dry-run
streams-groups --group %g --delete-offsets
streams-groups --group %g --delete-offsets --input-topic %a
streams-groups --group %g --delete-internal-topic %x --delete
streams-groups --list --execute
- two
- one
streams-groups --describe --group %g
streams-groups --describe --group %g --members
streams-groups --describe --group %g --state
streams-groups --list --state empty
~ consumer-groups --group %g --topic %a --reset-offsets --to-latest --execute
~ streams-groups --group %g --input-topic %a --reset-offsets --to-earliest --dry-run
~ streams-groups --group %g --all-input-topics --reset-offsets --to-latest --execute
streams-groups --group %h --input-topic %b --reset-offsets --to-earliest --execute
streams-groups --group %g --input-topic %b --reset-offsets --to-earliest --execute
streams-groups --group %g --input-topic %a:7 --reset-offsets --to-earliest --execute
streams-groups --group %g --input-topic %nope --reset-offsets --to-earliest --execute
streams-groups --group %g --from-file @%a,0,1\\n --reset-offsets --execute
~ streams-groups --group %g --all-input-topics --reset-offsets --to-current --dry-run
~ streams-groups --group %g --all-input-topics --reset-offsets --to-offset 1 --dry-run
streams-groups --group %g --input-topic %a:0 --reset-offsets --shift-by 1 --dry-run
streams-groups --group %g --input-topic %a:0 --reset-offsets --to-offset 0 --execute --export
streams-groups --group %g --input-topic %a --reset-offsets --to-earliest --to-latest --execute
streams-groups --group %g --input-topic %a:0 --reset-offsets --to-earliest --execute --delete-internal-topic %g-store-changelog
streams-groups --group %g --input-topic %a:0 --reset-offsets --to-earliest --execute --delete-internal-topic %g-no-changelog
~ streams-groups --group %g --delete-offsets --all-input-topics
streams-groups --group %g --delete-offsets --input-topic %a:0
streams-groups --group %g --delete-offsets --input-topic %nope
streams-groups --group %unknown --delete-offsets --input-topic %a
streams-groups --group %g --group %h --delete-offsets --input-topic %a
+ three streams %a --group %g
- three
streams-groups --delete --group %g --delete-all-internal-topics
streams-groups --describe --group %g
topics --list --topic '%g.*'
+ four streams %b --group %i
- four
streams-groups --delete --group %unknown --group %i
streams-groups --delete-all-internal-topics --group %i --describe
`
  .split("\n")
  .filter((line) => line !== "");

/** These show groups of any name. */
const OF_ALL_GROUPS = /--list(?! --topic| --describe| --execute| --group)|--all-groups/;

const java = LINES.map((line) => line.replaceAll("%", "q-"));
compare("transcript: streams groups", async (broker) =>
  transcribe(java, (await brokers.of(broker)).bootstrap, (tool, args, stdin) => tools.run(tool, args, stdin)),
);

describe.each(inject("brokers"))("on $name", (broker: BrokerUnderTest) => {
  test("our tool prints what Kafka's prints of streams groups", async () => {
    const lines = LINES.filter((line) => !OF_ALL_GROUPS.test(line));
    await compareShims(tools, (await brokers.of(broker)).bootstrap, lines);
  });

  test("our tool prints what Kafka's prints of all streams groups", async () => {
    const { bootstrap } = await brokers.of(broker);
    const members = new TranscriptMembers(bootstrap);
    const transcript = (run: RunTool) =>
      transcribe(
        java.filter((line) => OF_ALL_GROUPS.test(line)),
        bootstrap,
        run,
      );
    try {
      await tools.run("topics", ["--bootstrap-server", bootstrap, "--create", "--if-not-exists", "--topic", "q-a", "--partitions", "2"]);
      await members.join("one", ["streams", "q-a", "--group", "q-x"]);
      const expected = await transcript((tool, args, stdin) => tools.run(tool, args, stdin));
      expect(await transcript(runShim), "as Kafka's own tools").toEqual(expected);
    } finally {
      await members.stop();
    }
  });
});

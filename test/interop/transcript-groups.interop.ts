// Kafka's tool for consumer groups where groups of either protocol have members: it prints the same lines on both brokers, and ours prints
// what Kafka's does on each. The brokers are the file's own, so that members hear soon of what has changed.

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
  title: "transcript-groups",
  ports: { kafka: port(19772), odradek: port(19872) },
  settings: {
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "100",
    "group.consumer.assignment.interval.ms": "0",
    // A static member that went for a while is one as long as the lines take, on however busy a machine.
    "group.consumer.max.session.timeout.ms": "600000",
    "group.consumer.session.timeout.ms": "600000",
    // And a group that holds nothing any more is still there.
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
~ console-consumer --topic %a --from-beginning --group %g --command-property group.protocol=consumer --max-messages 4 --timeout-ms 20000
consumer-groups --list --type --state
~ consumer-groups --describe --group %g --verbose
consumer-groups --describe --group %g --members --verbose
consumer-groups --describe --group %g --state --verbose
+ one consume %a --group %g --protocol consumer
consumer-groups --list --type --state
consumer-groups --list --state empty,stable
consumer-groups --list --type classic
consumer-groups --list --type consumer --state Assigning
groups --list
groups --list --consumer
groups --list --group-type consumer
consumer-groups --describe --group %g
consumer-groups --describe --group %g --offsets
consumer-groups --describe --group %g --members
consumer-groups --describe --group %g --members --verbose
consumer-groups --describe --group %g --state
consumer-groups --describe --group %g --state --verbose
consumer-groups --describe --group %g --group %nope
consumer-groups --delete --group %g
consumer-groups --group %g --topic %a --reset-offsets --to-earliest --execute
consumer-groups --group %g --delete-offsets --topic %a
consumer-groups --group %g --delete-offsets --topic %b
+ two consume %a --group %g --protocol consumer --group-instance-id instance
~ consumer-groups --describe --group %g --members
consumer-groups --describe --group %g --state --verbose
- one
consumer-groups --describe --group %g --members --verbose
- two
consumer-groups --describe --group %g --members --verbose
consumer-groups --describe --group %g --state
consumer-groups --group %g --topic %a --reset-offsets --to-earliest --execute
console-producer --topic %b <<< a\\nb\\n
console-consumer --topic %b --from-beginning --group %h --command-property group.protocol=consumer --max-messages 2 --timeout-ms 20000
+ three consume %b --group %h --protocol consumer
- three
~ consumer-groups --describe --group %h
consumer-groups --describe --group %h --state --verbose
consumer-groups --group %h --topic %b --reset-offsets --to-earliest --execute
consumer-groups --group %h --delete-offsets --topic %b
consumer-groups --delete --group %h --group %g
consumer-groups --describe --group %h
+ four consume '%[ab]' --regex --group %r --protocol consumer
consumer-groups --describe --group %r --members --verbose
consumer-groups --describe --all-groups --state
consumer-groups --delete-offsets --group %r --topic %a
- four
+ five consume %b --group %c
consumer-groups --describe --group %c --members --verbose
consumer-groups --describe --group %c --state --verbose
consumer-groups --list --type classic
- five
consumer-groups --delete --group %c
+ six consume %b --group %m --protocol consumer
+ seven consume %a --group %m
~ consumer-groups --describe --group %m --members
~ consumer-groups --describe --group %m --members --verbose
consumer-groups --describe --group %m --state --verbose
- six
consumer-groups --describe --group %m --members --verbose
consumer-groups --describe --group %m --state --verbose
- seven
consumer-groups --no-bootstrap --validate-regex %.*
consumer-groups --no-bootstrap --validate-regex (a
consumer-groups --no-bootstrap --validate-regex a)
consumer-groups --no-bootstrap --validate-regex (?=a)
console-consumer --topic %a --group %n --timeout-ms 4000 --command-property group.protocol=consumer --command-property session.timeout.ms=9000
console-consumer --topic %a --group %n --timeout-ms 20000 --command-property group.protocol=consumer --command-property group.remote.assignor=nope
console-consumer --topic %a --group %n --timeout-ms 4000 --command-property group.remote.assignor=range
console-consumer --topic %a --group %n --timeout-ms 4000 --command-property group.protocol=both
`
  .split("\n")
  .filter((line) => line !== "");

const java = LINES.map((line) => line.replaceAll("%", "q-"));
compare("transcript: groups with members", async (broker) =>
  transcribe(java, (await brokers.of(broker)).bootstrap, (tool, args, stdin) => tools.run(tool, args, stdin)),
);

/** These show groups of any name: the tools say them of one and the same. */
const OF_ALL_GROUPS = /--list|--all-groups/;

describe.each(inject("brokers"))("on $name", (broker: BrokerUnderTest) => {
  test("our tool prints what Kafka's prints of groups with members", async () => {
    const lines = LINES.filter((line) => !OF_ALL_GROUPS.test(line));
    await compareShims(tools, (await brokers.of(broker)).bootstrap, lines);
  });

  test("our tools print what Kafka's print of all groups", async () => {
    const { bootstrap } = await brokers.of(broker);
    const members = new TranscriptMembers(bootstrap);
    const transcript = (run: RunTool) =>
      transcribe(
        java.filter((line) => OF_ALL_GROUPS.test(line)),
        bootstrap,
        run,
      );
    try {
      await members.join("one", ["consume", "q-a", "--group", "q-x", "--protocol", "consumer"]);
      await members.join("two", ["consume", "q-b", "--group", "q-y"]);
      const expected = await transcript((tool, args, stdin) => tools.run(tool, args, stdin));
      expect(await transcript(runShim), "as Kafka's own tools").toEqual(expected);
    } finally {
      await members.stop();
    }
  });
});

// Kafka's tool for share groups, with members and without: it prints the same lines on both brokers, and ours prints what Kafka's does on each.
// The brokers are the file's own, so that members hear soon of what has changed.

import { afterAll, describe, inject, test } from "vitest";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { compare } from "./compare.ts";
import { OwnBrokers } from "./own-brokers.ts";
import { port } from "./port.ts";
import { compareShims } from "./shims.ts";
import { ToolRunner } from "./tool-runner.ts";
import { transcribe } from "./transcript.ts";

const brokers = new OwnBrokers({
  title: "transcript-share-groups",
  ports: { kafka: port(19762), odradek: port(19862) },
  settings: {
    "group.share.min.heartbeat.interval.ms": "100",
    "group.share.heartbeat.interval.ms": "100",
    "group.share.assignment.interval.ms": "0",
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
share-groups --describe --group %g
+ one kafka-console-share-consumer --topic %a --group %g
share-groups --describe --group %g --members
share-groups --describe --group %g --members --verbose
share-groups --describe --group %g --state
share-groups --describe --group %g --state --verbose
share-groups --describe --group %g --group %nope
share-groups --delete --group %g
share-groups --delete-offsets --group %g --topic %a
~ share-groups --reset-offsets --group %g --topic %a --to-earliest --execute
- one
share-groups --describe --group %g --members
share-groups --describe --group %g --state --verbose
~ share-groups --reset-offsets --group %g --topic %a --to-earliest --dry-run
~ share-groups --reset-offsets --group %g --topic %a --to-earliest --execute
share-groups --reset-offsets --group %g --topic %a:1 --to-latest --execute
share-groups --reset-offsets --group %g --topic %b --to-latest --execute
share-groups --describe --group %g --verbose
~ share-groups --reset-offsets --group %g --all-topics --to-datetime 2020-01-01T00:00:00.000 --execute
share-groups --reset-offsets --group %g --all-topics --to-datetime 2020-01-01 --execute
share-groups --reset-offsets --group %g --topic %nope --to-latest --execute
share-groups --reset-offsets --group %g --topic %a:7 --to-latest --execute
~ share-groups --reset-offsets --group %new --topic %a --to-latest --execute
share-groups --describe --group %g --offsets
share-groups --describe --group %new --group %g --state
share-groups --delete-offsets --group %g --topic %b
share-groups --delete-offsets --group %g --topic %b --topic %nope
share-groups --delete-offsets --group %nope --topic %b
share-groups --delete --group %nope --group %new
share-groups --delete --group %g
share-groups --describe --group %g
share-groups
share-groups --no-bootstrap --list
share-groups --list --describe
share-groups --describe
share-groups --delete
share-groups --describe --group %g --all-groups
share-groups --describe --group %g --members --state
share-groups --describe --group %g --topic %a
share-groups --list --group %g
share-groups --delete --group %g --topic %a
share-groups --reset-offsets --group %g --topic %a --to-earliest
share-groups --reset-offsets --group %g --topic %a --to-earliest --execute --dry-run
share-groups --reset-offsets --group %g --topic %a --execute
share-groups --reset-offsets --group %g --to-earliest --execute
share-groups --reset-offsets --topic %a --to-earliest --execute
share-groups --reset-offsets --group %g --group %h --topic %a --to-earliest --execute
share-groups --reset-offsets --group %g --topic %a --to-earliest --to-latest --execute
share-groups --delete-offsets --group %g
share-groups --delete-offsets --topic %a
share-groups --list --verbose
`
  .split("\n")
  .filter((line) => line !== "");

compare("transcript: share groups", async (broker) =>
  transcribe(
    LINES.map((line) => line.replaceAll("%", "q-")),
    (await brokers.of(broker)).bootstrap,
    (tool, args, stdin) => tools.run(tool, args, stdin),
  ),
);

describe.each(inject("brokers"))("on $name", (broker: BrokerUnderTest) => {
  test("our tool prints what Kafka's prints of share groups", async () => {
    await compareShims(tools, (await brokers.of(broker)).bootstrap, LINES);
  });
});

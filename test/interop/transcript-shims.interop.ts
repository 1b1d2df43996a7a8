// Our shims beside Kafka's own tools on one broker: the same invocations on things of other names print the same lines. Run on every broker
// that there is, so that the shims are right for Apache Kafka as well.

import { afterAll, describe, inject, test } from "vitest";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { compareShims } from "./shims.ts";
import { ToolRunner } from "./tool-runner.ts";

const tools = new ToolRunner();
afterAll(() => tools.stop());

const LINES = `
topics --create --topic %a --partitions 3 --config retention.ms=86400000 --config cleanup.policy=delete
topics --create --topic %a
topics --create --if-not-exists --topic %a
topics --create --topic %b.c
topics --create --topic '%not a name'
topics --create --topic %w --replication-factor 3
topics --create --topic %w --config retention.ms
topics --create
topics --list --no-such
topics --list --topic '%.*'
topics --describe --topic %a
topics --describe --topic %unknown
topics --describe --topic %a --at-min-isr-partitions
topics --alter --topic %a --partitions 5
topics --alter --topic %a --partitions 2
console-producer --topic %b.c <<< a\\nb\\nc\\n
console-producer --topic %b.c --reader-property parse.key=true <<< nokey\\n
console-producer --topic %b.c --reader-property parse.headers=true --reader-property parse.key=true <<< h:1\\tk\\tv\\n
console-consumer --topic %b.c --from-beginning --max-messages 4 --timeout-ms 20000 --formatter-property print.key=true --formatter-property print.headers=true
console-consumer --topic %b.c --partition 0 --offset 1 --max-messages 2 --timeout-ms 20000
console-consumer --topic %b.c --group %g --from-beginning --max-messages 2 --timeout-ms 20000
console-consumer --topic x --offset 3
topics --create --topic %q
configs --alter --entity-type groups --entity-name %s --add-config share.auto.offset.reset=earliest
console-producer --topic %q <<< a\\nb\\nc\\nd\\n
console-share-consumer --topic %q --group %s --max-messages 2 --timeout-ms 20000 --formatter-property print.key=true --formatter-property print.delivery=true
console-share-consumer --topic %q --group %s --max-messages 1 --release --timeout-ms 20000 --formatter-property print.delivery=true
console-share-consumer --topic %q --group %s --max-messages 1 --reject --timeout-ms 20000 --formatter-property print.delivery=true
console-share-consumer --topic %q --group %s --max-messages 1 --timeout-ms 20000 --enable-systest-events
console-share-consumer --topic %q --group %s --timeout-ms 2000
console-share-consumer --topic %q --group %s --reject --release
console-share-consumer --group %s
console-share-consumer --topic %q --group mine --command-property group.id=other
console-share-consumer --topic %q --group %s --command-property max.poll.records=0
get-offsets --topic %b.c
get-offsets --topic %b.c --time earliest
get-offsets --topic %unknown
get-offsets --topic %b.c --time foo
consumer-groups --describe --group %g
consumer-groups --describe --group %g --offsets --verbose
consumer-groups --describe --group %g --state --verbose
consumer-groups --describe --group %g --members --verbose
consumer-groups --describe --group %unknown
consumer-groups --group %g --topic %b.c --reset-offsets --to-earliest --execute
consumer-groups --group %g --all-topics --reset-offsets --to-latest --dry-run
consumer-groups --group %g --topic %b.c --reset-offsets --shift-by -1 --execute
consumer-groups --group %g --topic %b.c:7 --reset-offsets --to-latest --execute
consumer-groups --group %g --delete-offsets --topic %b.c
consumer-groups --delete --group %g
consumer-groups --delete --group %unknown
configs --alter --topic %a --add-config retention.ms=1000,cleanup.policy=[compact,delete]
configs --describe --topic %a
configs --describe --topic %a --all
configs --alter --topic %a --add-config nope.x=1
configs --alter --topic %a --delete-config retention.ms
configs --describe --topic %unknown
configs --alter --user %u --add-config producer_byte_rate=1000
configs --describe --user %u
configs --alter --user %u --add-config SCRAM-SHA-256=[iterations=4096,password=x]
configs --describe --user %u
configs --alter --user %u --delete-config producer_byte_rate
configs --alter --client-metrics %m --add-config interval.ms=1000
configs --describe --client-metrics %m
delete-records --offset-json-file @{"partitions":[{"topic":"%b.c","partition":0,"offset":2}],"version":1}
delete-records --offset-json-file @{"version":1}
get-offsets --topic %b.c --time earliest
log-dirs --describe --topic-list %b.c
log-dirs --describe --broker-list 1,9
broker-api-versions
topics --create --topic %p
console-producer --topic %p --request-required-acks 1 --sync <<< a\\n
console-producer --topic %p --command-property acks=7 <<< a\\n
console-producer --topic %p --command-property max.in.flight.requests.per.connection=9 <<< a\\n
console-producer --topic %p --command-property enable.idempotence=true --request-required-acks 1 <<< a\\n
console-producer --topic %p --property parse.key=true --reader-property key.separator=: <<< k:v\\n
console-producer --topic %p --reader-property parse.headers=true --reader-property headers.separator=: <<< h\\tv\\n
console-producer --topic %p --command-property max.request.size=10 <<< too long for that\\n
console-consumer --topic %p --group %h --timeout-ms 8000
consumer-groups --describe --group %h
console-producer --topic %p --compression-codec zstd <<< b\\nc\\n
console-consumer --topic %p --consumer-property group.id=%h --max-messages 1 --timeout-ms 20000
consumer-groups --describe --group %h
console-consumer --topic %p --group %h --command-property auto.offset.reset=sometimes
metadata-quorum --bootstrap-server $B describe --re
features --bootstrap-server $B upgrade --release-version 9.9
console-consumer --topic %p --group %k --command-property auto.offset.reset=by_duration:PT1H --max-messages 3 --timeout-ms 20000
console-consumer --topic %p --property print.key=true --formatter-property print.offset=true
reassign-partitions --generate --broker-list 1 --topics-to-move-json-file @{"version":1,"topics":[{"topic":"%a"}]}
reassign-partitions --generate --broker-list 7 --topics-to-move-json-file @{"version":1,"topics":[{"topic":"%a"}]}
reassign-partitions --generate --broker-list 1,1 --topics-to-move-json-file @{"version":1,"topics":[{"topic":"%a"}]}
reassign-partitions --generate --broker-list 1 --topics-to-move-json-file @{"version":1,"topics":[{"topic":"%unknown"}]}
reassign-partitions --generate --broker-list 1
reassign-partitions --execute --throttle 1000 --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[1]}]}
configs --describe --topic %a
configs --describe --broker 1
reassign-partitions --execute --additional --throttle 7000 --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[1]}]}
reassign-partitions --verify --preserve-throttles --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[1]}]}
reassign-partitions --verify --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[1]}]}
configs --describe --broker 1
reassign-partitions --cancel --preserve-throttles --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[1]}]}
reassign-partitions --execute --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[1],"log_dirs":["any","x"]}]}
reassign-partitions --execute --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[1],"log_dirs":["/nope/there"]}]}
reassign-partitions --execute --reassignment-json-file @{"version":1,"partitions":[{"topic":"%unknown","partition":0,"replicas":[1]}]}
reassign-partitions --execute --reassignment-json-file @{"version":1,"partitions":[{"topic":"%a","partition":0,"replicas":[]}]}
reassign-partitions --execute --reassignment-json-file @{"version":2,"partitions":[]}
reassign-partitions --list --throttle 7
features --bootstrap-server $B upgrade --release-version 4.3 --metadata 4.3
features --bootstrap-server $B upgrade --feature a=1 --feature a=2
features --bootstrap-server $B version-mapping --release-version 4.1
features --bootstrap-server $B version-mapping --release-version 9.9
features --bootstrap-server $B feature-dependencies --feature eligible.leader.replicas.version=1 --feature metadata.version=29
features --bootstrap-server $B feature-dependencies --feature nope=1
metadata-quorum --bootstrap-server $B add-controller
metadata-quorum --bootstrap-server $B --command-config @process.roles=broker add-controller
metadata-quorum --bootstrap-server $B remove-controller --controller-id 9 --controller-directory-id x
metadata-quorum --bootstrap-server $B remove-controller -i 9 -d AAAAAAAAAAAAAAAAAAAAAQ --dry-run
acls --bootstrap-server $B --bootstrap-controller x:1 --list
topics --delete --topic '%.*'
topics --delete --topic %unknown
`
  .split("\n")
  .filter((line) => line !== "");

test.skipIf(inject("brokers").length === 0)("there is a broker to compare on", () => undefined);

describe.concurrent.each(inject("brokers"))("on $name", (broker: BrokerUnderTest) => {
  test("the shims print what Kafka's tools print", async () => {
    await compareShims(tools, broker.bootstrap, LINES);
  });
});

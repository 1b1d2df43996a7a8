// What an administrator types, tool by tool, with the mistakes: Kafka's own tools print the same lines on both brokers and end with the same
// exit codes. Each list is one story: later lines see what earlier ones did. The brokers are the file's own.

import { afterAll } from "vitest";
import { compare, type Scenario } from "./compare.ts";
import { OwnBrokers } from "./own-brokers.ts";
import { port } from "./port.ts";
import { ToolRunner } from "./tool-runner.ts";
import { transcribe } from "./transcript.ts";

const brokers = new OwnBrokers({ title: "transcript", ports: { kafka: port(19782), odradek: port(19882) } });
const tools = new ToolRunner();
afterAll(async () => {
  await tools.stop();
  await brokers.stop();
});

function transcript(title: string, text: string): void {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const scenario: Scenario = async (broker) => {
    const { bootstrap } = await brokers.of(broker);
    return transcribe(lines, bootstrap, (tool, args, stdin) => tools.run(tool, args, stdin));
  };
  compare(`transcript: ${title}`, scenario, { alsoDiskless: true });
}

transcript(
  "topics",
  `
  topics --create --topic ta --partitions 3 --config retention.ms=86400000 --config cleanup.policy=compact
  topics --create --topic ta
  topics --create --if-not-exists --topic ta
  topics --create --topic t_b
  topics --create --topic t.c --replication-factor 1
  topics --create --topic t.b
  topics --create --topic 'not a name'
  topics --create --topic tw --replication-factor 3
  topics --create --topic tw --partitions 0
  topics --create --topic tw --config cleanup.policy=keep
  topics --create --topic tw --config no.such=1
  topics --create --topic tw --config retention.ms
  topics --create
  topics --create --topic td --replica-assignment 1,1
  topics --create --topic te --replica-assignment 1:1
  topics --create --topic te --replica-assignment 7
  topics --create --topic te --replica-assignment x
  topics --create --list --topic x
  topics --list --no-such
  topics --no-bootstrap --list
  topics --list --topic 't[.a].*'
  topics --describe --topic ta
  topics --describe --topic unknown
  topics --describe --topic unknown --if-exists
  ~ topics --describe --topic 't.*'
  topics --describe --topic ta --at-min-isr-partitions
  topics --describe --topic ta --under-replicated-partitions
  topics --describe --topic-id 7_zI0jPSSSuBpNS7WBxBAg
  topics --alter --topic ta --partitions 5
  topics --alter --topic ta --partitions 5
  topics --alter --topic ta --partitions 2
  topics --alter --topic unknown --partitions 2
  topics --alter --if-exists --topic unknown --partitions 2
  topics --alter --topic td --partitions 3 --replica-assignment 1,1,1
  topics --alter --topic td --partitions 5 --replica-assignment 1,1,1,9,1
  topics --alter --topic ta --config x=y
  topics --describe --topic ta --partition-size-limit-per-response 2
  topics --delete --topic td
  topics --delete --topic unknown
  topics --delete --if-exists --topic unknown
  topics --delete --topic 't.*'
  topics --list --topic 't.*'
`,
);

transcript(
  "configs of topics, brokers, groups and client metrics",
  `
  topics --create --topic ca
  configs --describe --topic ca
  configs --describe --topic ca --all
  configs --describe --topic nope
  configs --alter --topic ca --add-config retention.ms=1000,cleanup.policy=[compact,delete]
  configs --describe --topic ca
  configs --alter --entity-type topics --entity-name ca --add-config retention.ms=2000 --delete-config cleanup.policy
  configs --alter --topic ca --delete-config nope.x
  configs --alter --topic ca --delete-config segment.ms
  configs --alter --topic ca --add-config nope.x=1
  configs --alter --topic ca --add-config retention.ms=abc
  configs --alter --topic nope --add-config retention.ms=1
  configs --describe --topic ca
  configs --describe --entity-type brokers
  configs --describe --broker 99
  configs --alter --broker-defaults --add-config log.retention.ms=123456
  configs --describe --broker-defaults
  configs --alter --broker 1 --add-config log.cleaner.threads=2
  configs --describe --broker 1
  configs --alter --broker 1 --delete-config log.cleaner.threads
  configs --alter --broker-defaults --delete-config log.retention.ms
  configs --alter --broker 1 --add-config node.id=4
  configs --alter --broker-logger 1 --add-config root=INFO
  configs --describe --group cgx
  configs --alter --group cgx --add-config consumer.session.timeout.ms=50000
  configs --describe --group cgx
  configs --alter --group cgx --add-config consumer.session.timeout.ms=1
  configs --alter --group cgx --delete-config consumer.session.timeout.ms
  configs --alter --group cgx --add-config consumer.session.timeout.ms=60000,consumer.heartbeat.interval.ms=15000,consumer.assignment.interval.ms=0
  configs --describe --group cgx
  configs --alter --group cgx --add-config consumer.session.timeout.ms=60001
  configs --alter --group cgx --add-config consumer.session.timeout.ms=x
  configs --alter --group cgx --add-config consumer.heartbeat.interval.ms=15001
  configs --alter --group cgx --add-config consumer.assignment.interval.ms=15001
  configs --alter --group cgx --add-config consumer.assignment.interval.ms=-1
  configs --alter --group cgx --add-config consumer.nope=1
  configs --alter --group cgx --delete-config consumer.session.timeout.ms,consumer.heartbeat.interval.ms,consumer.assignment.interval.ms
  configs --alter --broker 1 --add-config group.consumer.session.timeout.ms=50000
  configs --alter --broker-defaults --add-config group.consumer.assignment.interval.ms=-1
  configs --alter --client-metrics cm1 --add-config interval.ms=1000,metrics=[a,b]
  configs --describe --client-metrics cm1
  configs --alter --client-metrics cm1 --delete-config interval.ms,metrics
  configs --describe --client-metrics cm1
`,
);

transcript(
  "quotas and credentials",
  `
  configs --alter --user u1 --add-config producer_byte_rate=1000
  configs --describe --user u1
  configs --alter --user u1 --client c1 --add-config consumer_byte_rate=2000
  ~ configs --describe --entity-type users --entity-type clients
  configs --alter --client-defaults --add-config request_percentage=20
  configs --describe --client-defaults
  configs --alter --ip 1.2.3.4 --add-config connection_creation_rate=10
  configs --describe --entity-type ips
  configs --alter --user u1 --add-config nope=1
  configs --alter --user u1 --delete-config producer_byte_rate
  configs --alter --client-defaults --delete-config request_percentage
  configs --describe --entity-type users
  configs --alter --user sc --add-config SCRAM-SHA-256=[iterations=4096,password=x]
  configs --describe --user sc
  configs --alter --user sc --delete-config SCRAM-SHA-256
  configs --alter --user sc --delete-config SCRAM-SHA-256
`,
);

transcript(
  "consumer groups",
  `
  topics --create --topic ga --partitions 2
  topics --create --topic gb
  console-producer --topic ga --reader-property parse.key=true --reader-property key.separator=: <<< k1:v1\\nk2:v2\\nk3:v3\\nk4:v4\\n
  console-producer --topic gb <<< a\\nb\\nc\\n
  ~ console-consumer --topic ga --from-beginning --group gg --max-messages 4 --timeout-ms 20000
  console-consumer --topic gb --from-beginning --group gg --max-messages 3 --timeout-ms 20000
  console-consumer --topic gb --from-beginning --group gone --max-messages 1 --timeout-ms 20000
  ~ consumer-groups --describe --group gg
  ~ consumer-groups --describe --group gg --offsets --verbose
  consumer-groups --describe --group gg --members
  consumer-groups --describe --group gg --members --verbose
  consumer-groups --describe --group gg --state
  consumer-groups --describe --group gg --state --verbose
  consumer-groups --describe --group gnope
  consumer-groups --describe --group gnope --state
  ~ consumer-groups --describe --group gg --group gone
  ~ consumer-groups --group gg --topic ga --reset-offsets --to-earliest --dry-run
  ~ consumer-groups --group gg --all-topics --reset-offsets --to-offset 1 --execute
  consumer-groups --group gg --topic ga:0 --reset-offsets --shift-by 1 --execute
  ~ consumer-groups --group gg --topic ga --reset-offsets --to-offset 99 --execute
  ~ consumer-groups --group gg --topic ga --reset-offsets --to-datetime 2020-01-01T00:00:00.000 --execute
  ~ consumer-groups --group gg --topic ga --reset-offsets --by-duration PT1H --execute
  ~ consumer-groups --group gg --all-topics --reset-offsets --to-earliest --export
  consumer-groups --group gg --topic gnope --reset-offsets --to-latest --execute
  consumer-groups --group gg --topic ga:7 --reset-offsets --to-latest --execute
  ~ consumer-groups --group gnew --topic ga --reset-offsets --to-latest --execute
  ~ consumer-groups --describe --group gnew
  consumer-groups --group gg --delete-offsets --topic ga
  consumer-groups --group gg --delete-offsets --topic gnope
  consumer-groups --group gnope --delete-offsets --topic ga
  consumer-groups --delete --group gnope
  consumer-groups --delete --group gnew
  consumer-groups --delete --group gnope --group gone
  consumer-groups --delete --group gg
  consumer-groups --describe --group gg
  groups --list --group-type nope
  groups --list --share
  groups --list --protocol gnope
`,
);

transcript(
  "records and offsets",
  `
  topics --create --topic ra
  console-producer --topic ra <<< a\\nb\\nc\\nd\\n
  get-offsets --topic ra
  get-offsets --topic ra --time earliest
  topics --create --topic rb
  console-producer --topic rb <<< a\\n
  get-offsets --topic rb --time max-timestamp
  get-offsets --topic ra --time earliest-local
  get-offsets --topic ra --time latest-tiered
  get-offsets --topic ra --time 1000
  get-offsets --topic ra --time 99999999999999
  get-offsets --topic rnope
  get-offsets --topic ra --partitions 17
  get-offsets --topic-partitions ra:0
  delete-records --offset-json-file @{"partitions":[{"topic":"ra","partition":0,"offset":2}],"version":1}
  get-offsets --topic ra --time -2
  delete-records --offset-json-file @{"partitions":[{"topic":"ra","partition":0,"offset":99}],"version":1}
  delete-records --offset-json-file @{"partitions":[{"topic":"ra","partition":0,"offset":-1}],"version":1}
  delete-records --offset-json-file @{"partitions":[{"topic":"ra","partition":0,"offset":1},{"topic":"ra","partition":0,"offset":2}]}
  get-offsets --topic ra --time -2
  log-dirs --describe --topic-list ra
  log-dirs --describe --topic-list ra --broker-list 1
  log-dirs --describe --broker-list 1,9
  log-dirs --describe --topic-list rnope
`,
);

transcript(
  "leaders and reassignments",
  `
  topics --create --topic la --partitions 2
  leader-election --election-type preferred --topic la --partition 0
  leader-election --election-type unclean --topic la --partition 0
  leader-election --election-type preferred --topic lnope --partition 0
  leader-election --election-type preferred --topic la --partition 9
  ~ leader-election --election-type preferred --path-to-json-file @{"partitions":[{"topic":"la","partition":0},{"topic":"la","partition":1}]}
  leader-election --election-type preferred --topic la
  reassign-partitions --list
  reassign-partitions --verify --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  reassign-partitions --execute --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  reassign-partitions --execute --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[7]}]}
  reassign-partitions --execute --throttle 1000 --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  reassign-partitions --cancel --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  reassign-partitions --verify --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  reassign-partitions --generate --broker-list 1 --topics-to-move-json-file @{"version":1,"topics":[{"topic":"la"}]}
  reassign-partitions --generate --broker-list 7 --topics-to-move-json-file @{"version":1,"topics":[{"topic":"la"}]}
  reassign-partitions
  reassign-partitions --execute --throttle 2000 --replica-alter-log-dirs-throttle 3000 --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  configs --describe --topic la
  configs --describe --broker 1
  reassign-partitions --verify --preserve-throttles --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  configs --describe --broker 1
  reassign-partitions --verify --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1]}]}
  configs --describe --topic la
  configs --describe --broker 1
  reassign-partitions --execute --reassignment-json-file @{"version":1,"partitions":[{"topic":"la","partition":0,"replicas":[1],"log_dirs":["/not/there"]}]}
  reassign-partitions --verify --reassignment-json-file @{"version":1,"partitions":[{"topic":"lnope","partition":0,"replicas":[1]}]}
  reassign-partitions --verify --throttle 7 --reassignment-json-file @{"version":1}
  reassign-partitions --no-bootstrap --execute --bootstrap-controller 127.0.0.1:1 --reassignment-json-file @{"version":1}
`,
);

transcript(
  "cluster, quorum and features",
  `
  cluster cluster-id --bootstrap-server $B
  cluster list-endpoints --bootstrap-server $B
  cluster list-endpoints --bootstrap-server $B --include-fenced-brokers
  cluster unregister --bootstrap-server $B --id 99
  metadata-quorum --bootstrap-server $B describe --status
  metadata-quorum --bootstrap-server $B describe --replication
  metadata-quorum --bootstrap-server $B describe
  metadata-quorum --bootstrap-server $B remove-controller --controller-id 9 --controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ
  features --bootstrap-server $B describe
  features --bootstrap-server $B upgrade --metadata 9.9
  features --bootstrap-server $B upgrade --feature nope=1
  features --bootstrap-server $B upgrade --feature transaction.version=7
  features --bootstrap-server $B upgrade --feature transaction.version=2
  features --bootstrap-server $B upgrade --feature group.version=2
  features --bootstrap-server $B downgrade --feature group.version=0 --dry-run
  features --bootstrap-server $B downgrade --feature eligible.leader.replicas.version=0 --dry-run
  features --bootstrap-server $B upgrade --feature group.version=1
  features --bootstrap-server $B downgrade --metadata 4.0
  features --bootstrap-server $B disable --feature nope
  features --bootstrap-server $B upgrade --feature a=1 --feature a=2
  features --bootstrap-server $B upgrade --release-version 4.3 --feature a=1
  features --bootstrap-server $B upgrade --release-version 9.9
  features version-mapping --no-bootstrap
  features feature-dependencies --no-bootstrap --feature eligible.leader.replicas.version=1
  metadata-quorum --bootstrap-server $B add-controller
  metadata-quorum --bootstrap-server $B --command-config @node.id=3 add-controller
  metadata-quorum --bootstrap-server $B remove-controller --controller-id -1 --controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ
  metadata-quorum --bootstrap-server $B describe --status --replication
  broker-api-versions
  broker-api-versions --bogus
`,
);

transcript(
  "client metrics, access rules and transactions",
  `
  topics --create --topic xt
  client-metrics --alter --name cmx --metrics a.b,c --interval 1000 --match client_id=x
  client-metrics --describe --name cmx
  client-metrics --list
  client-metrics --describe --name nope
  client-metrics --alter --name cmx --interval 10
  client-metrics --alter --name cmx --match foo=1
  client-metrics --delete --name cmx
  client-metrics --delete --name nope
  client-metrics --delete
  client-metrics --list
  acls --add --topic xt
  acls --add --allow-principal alice --topic xt
  acls --list --add
  transactions --bootstrap-server $B list
  transactions --bootstrap-server $B describe --transactional-id nope
  transactions --bootstrap-server $B find-hanging --broker-id 1
  transactions --bootstrap-server $B abort --topic xt --partition 0 --start-offset 0
`,
);

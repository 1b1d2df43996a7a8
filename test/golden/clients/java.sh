# What the Java client's recording runs: Kafka's command line tools, then two programs for the calls that no tool makes.
#   java.sh KAFKA_REFERENCE BOOTSTRAP
kafka=$1
bootstrap=$2
programs=$(dirname "$0")
export KAFKA_HEAP_OPTS='-Xmx256m -XX:TieredStopAtLevel=1 -Xshare:auto' KAFKA_LOG_LEVEL=ERROR

without_broker_option() { # NAME ARGS...
  echo "--- $*"
  timeout 60 "$kafka" tool "$@" || echo "(ended with $?)"
}
tool() { # NAME ARGS..., refusals are no failures here
  echo "--- $*"
  local name=$1
  shift
  timeout 60 "$kafka" tool "$name" --bootstrap-server "$bootstrap" "$@" || echo "(ended with $?)"
}
lines() { for ((i = 1; i <= $1; i++)); do echo "key-$i:value number $i"; done; }
consume() { tool console-consumer "$@"; }

tool broker-api-versions
tool topics --create --topic golden --partitions 3 --config retention.ms=86400000
tool topics --create --topic golden-tx --partitions 1
tool topics --create --topic golden
tool topics --list
tool topics --describe
tool topics --describe --topic golden-absent
tool topics --alter --topic golden --partitions 4
lines 40 | tool console-producer --topic golden --property parse.key=true --property key.separator=:
lines 5 | tool console-producer --topic golden --compression-codec zstd
lines 5 | tool console-producer --topic golden --producer-property acks=0 --producer-property enable.idempotence=false
lines 5 | tool console-producer --topic golden-auto
tool producer-perf-test --producer-props bootstrap.servers="$bootstrap" --topic golden-tx --num-records 200 --record-size 50 --throughput -1 --transaction-duration-ms 50 --transactional-id golden-tx
consume --topic golden --group golden-group --from-beginning --max-messages 45
consume --topic golden --partition 0 --offset 1 --max-messages 2
consume --topic golden-tx --from-beginning --isolation-level read_committed --max-messages 200
consume --topic golden --group golden-next --from-beginning --max-messages 20 --consumer-property group.protocol=consumer
consume --include 'golden.*' --group golden-pattern --from-beginning --timeout-ms 4000 --consumer-property group.protocol=consumer
tool get-offsets --topic golden
tool get-offsets --topic golden --time earliest
tool get-offsets --topic golden --time max-timestamp
tool get-offsets --topic golden --time 1000000000000
tool consumer-groups --list --state
tool consumer-groups --describe --all-groups
tool consumer-groups --describe --group golden-group --members --verbose
tool consumer-groups --describe --group golden-group --state
tool consumer-groups --group golden-group --topic golden --reset-offsets --to-earliest --execute
tool consumer-groups --group golden-group --delete-offsets --topic golden:0
tool consumer-groups --group golden-group --delete
tool consumer-groups --group golden-absent --describe
tool groups --list
echo '{"partitions":[{"topic":"golden","partition":0,"offset":1}],"version":1}' >"${TMPDIR:-/tmp}/golden-records.json"
tool delete-records --offset-json-file "${TMPDIR:-/tmp}/golden-records.json"
rm -f "${TMPDIR:-/tmp}/golden-records.json"
tool configs --describe --topic golden --all
tool configs --describe --entity-type brokers --entity-name 1
tool configs --alter --topic golden --add-config retention.ms=7200000
tool configs --alter --topic golden --delete-config retention.ms
tool configs --alter --entity-type users --entity-name alice --add-config 'SCRAM-SHA-256=[iterations=4096,password=golden]'
tool configs --describe --entity-type users
tool configs --alter --entity-type clients --entity-name quick --add-config producer_byte_rate=1000000
tool configs --describe --entity-type clients
tool acls --add --allow-principal User:alice --operation Read --topic golden
tool acls --list
tool acls --remove --force --allow-principal User:alice --operation Read --topic golden
tool log-dirs --describe
without_broker_option cluster cluster-id --bootstrap-server "$bootstrap"
without_broker_option cluster list-endpoints --bootstrap-server "$bootstrap"
tool features describe
tool metadata-quorum describe --status
tool metadata-quorum describe --replication
tool transactions list
tool transactions describe --transactional-id golden-tx
tool transactions describe-producers --topic golden-tx --partition 0
tool transactions find-hanging --broker-id 1
tool leader-election --election-type preferred --all-topic-partitions
tool client-metrics --alter --name golden-metrics --metrics org.apache.kafka. --interval 1000
tool client-metrics --describe --name golden-metrics
tool client-metrics --delete --name golden-metrics
tool client-metrics --list
tool configs --alter --entity-type groups --entity-name golden-share --add-config share.auto.offset.reset=earliest
tool console-share-consumer --topic golden --group golden-share --timeout-ms 8000 --max-messages 5
tool share-groups --list
tool share-groups --describe --group golden-share
tool share-groups --describe --group golden-share --members
tool share-groups --group golden-share --topic golden --reset-offsets --to-earliest --execute
tool share-groups --group golden-share --topic golden --delete-offsets
tool share-groups --group golden-share --delete
echo '--- AdminTour'
timeout 120 "$kafka" java "$programs/AdminTour.java" "$bootstrap"
echo '--- ClientTour'
timeout 120 "$kafka" java "$programs/ClientTour.java" "$bootstrap"
tool streams-groups --list
tool streams-groups --describe --all-groups
tool topics --delete --topic golden
tool topics --delete --topic golden-absent

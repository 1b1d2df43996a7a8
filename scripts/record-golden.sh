#!/usr/bin/env bash
# Makes test/golden/*.jsonl anew: runs real clients against a real Kafka through scripts/record-traffic.ts, one file for each client.
#
#   scripts/record-golden.sh [CLIENT...]      all clients, or some of: java librdkafka kafka-python kafkajs platformatic java-sasl kafkajs-sasl
#
# Needs the Kafka reference (KAFKA_REFERENCE), a JDK and Python 3. The clients are installed in a temporary folder.
# The files *-telemetry.jsonl (KIP-714) are not made here: they need a broker with a plug-in that receives metrics of clients.
# A client program may see single calls refused; what counts is that their bytes went by.
set -euo pipefail
cd "$(dirname "$0")/.."
kafka=${KAFKA_REFERENCE:-../shared/tools/kafka/kafka}
node=node_modules/.bin/node
port=19092
proxy=127.0.0.1:19300
sasl_port=19098
sasl_proxy=127.0.0.1:19301
work=${GOLDEN_WORK:-$(mktemp -d)}
programs=test/golden/clients
# A folder that is the same on every machine, for DescribeLogDirs and DescribeConfigs name it.
data=/tmp/golden-kafka-data
recorder=

[ -x "$kafka" ] || { echo "record-golden: skipped, no Kafka reference at $kafka (set KAFKA_REFERENCE)" >&2; exit 0; }

finish() {
  [ -n "$recorder" ] && kill "$recorder" 2>/dev/null || true
  "$kafka" stop --port "$port" || true
  rm -rf "$data"
  [ -n "${GOLDEN_WORK:-}" ] || rm -rf "$work"
}

record() { # CLIENT COMMAND ARGS...
  local client=$1 listen=${proxy##*:} target=$port
  shift
  case $client in *-sasl) listen=${sasl_proxy##*:} target=$sasl_port ;; esac
  "$node" scripts/record-traffic.ts --listen "$listen" --target "127.0.0.1:$target" --out "test/golden/$client.jsonl" --client "$client" &
  recorder=$!
  until (exec 3<>"/dev/tcp/127.0.0.1/$listen") 2>/dev/null; do sleep 0.1; done
  "$@" >"$work/$client.log" 2>&1 || tail -5 "$work/$client.log" >&2
  kill -TERM "$recorder"
  wait "$recorder" || true
  recorder=
}

python_client() { # PROGRAM
  if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q confluent-kafka==2.16.1 'kafka-python[crc32c,lz4,snappy,zstd]==3.0.12'
  fi
  "$work/venv/bin/python" "$programs/$1" "$proxy"
}

platformatic_client() {
  mkdir -p "$work/npm"
  [ -d "$work/npm/node_modules/@platformatic/kafka" ] || (cd "$work/npm" && echo '{}' >package.json && npm install --silent @platformatic/kafka@1.35.0)
  "$node" "$programs/platformatic.mjs" "$proxy" "$work/npm/package.json"
}

trap finish EXIT
"$kafka" start --port "$port" \
  --set "listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1)),SASL_PLAINTEXT://127.0.0.1:$sasl_port" \
  --set "advertised.listeners=PLAINTEXT://$proxy,SASL_PLAINTEXT://$sasl_proxy" \
  --set sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256 --set inter.broker.listener.name=PLAINTEXT \
  --set 'listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_golden="golden";' \
  --set 'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;' \
  --set authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer --set 'super.users=User:ANONYMOUS;User:golden' \
  --set delegation.token.secret.key=golden --set "log.dirs=$data" >/dev/null
clients=("$@")
[ ${#clients[@]} -gt 0 ] || clients=(java librdkafka kafka-python kafkajs platformatic java-sasl kafkajs-sasl)
for client in "${clients[@]}"; do
  case $client in
    java) record java bash "$programs/java.sh" "$kafka" "$proxy" ;;
    librdkafka) record librdkafka python_client librdkafka.py ;;
    kafka-python) record kafka-python python_client kafka_python.py ;;
    kafkajs) record kafkajs "$node" "$programs/kafkajs.mjs" "$proxy" ;;
    platformatic) record platformatic platformatic_client ;;
    java-sasl) record java-sasl bash "$programs/java-sasl.sh" "$kafka" "$proxy" "$sasl_proxy" "$work" ;;
    kafkajs-sasl) record kafkajs-sasl "$node" "$programs/kafkajs-sasl.mjs" "$sasl_proxy" ;;
    *) echo "record-golden: no client $client" >&2; exit 2 ;;
  esac
done
du -sh test/golden

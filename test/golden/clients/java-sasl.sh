# What the recording of the Java client over SASL runs: PLAIN, SCRAM, wrong passwords, and delegation tokens.
#   java-sasl.sh KAFKA_REFERENCE PLAIN_BOOTSTRAP SASL_BOOTSTRAP WORK_FOLDER
kafka=$1
work=$4
export KAFKA_HEAP_OPTS='-Xmx256m -XX:TieredStopAtLevel=1' KAFKA_LOG_LEVEL=ERROR

settings() { # FILE MECHANISM MODULE PASSWORD
  printf 'security.protocol=SASL_PLAINTEXT\nsasl.mechanism=%s\nsasl.jaas.config=org.apache.kafka.common.security.%s required username="golden" password="%s";\n' "$2" "$3" "$4" >"$work/$1"
}
tool() { # SETTINGS NAME ARGS...
  local settings=$work/$1 name=$2
  shift 2
  echo "--- $name $*"
  timeout 60 "$kafka" tool "$name" --bootstrap-server "$bootstrap" --command-config "$settings" "$@" || echo "(ended with $?)"
}
settings plain.properties PLAIN plain.PlainLoginModule golden
settings scram.properties SCRAM-SHA-256 scram.ScramLoginModule golden
settings wrong-plain.properties PLAIN plain.PlainLoginModule wrong
settings wrong-scram.properties SCRAM-SHA-256 scram.ScramLoginModule wrong

bootstrap=$3
tool plain.properties configs --alter --entity-type users --entity-name golden --add-config 'SCRAM-SHA-256=[iterations=4096,password=golden]'
tool scram.properties topics --list
tool wrong-plain.properties topics --list
tool wrong-scram.properties topics --list
hmac=$(tool scram.properties delegation-tokens --create --max-life-time-period -1 --renewer-principal User:gregor | awk '$2 ~ /=$/ { print $2 }')
tool scram.properties delegation-tokens --describe --owner-principal User:golden
tool scram.properties delegation-tokens --renew --renew-time-period -1 --hmac "$hmac"
tool scram.properties delegation-tokens --expire --expiry-time-period -1 --hmac "$hmac"

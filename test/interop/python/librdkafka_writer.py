"""A producer with librdkafka, which writes what happens to it into a log of its own (../machines/writer-log.ts): librdkafka_writer.py OPTIONS.

What it does is in ../machines/writer.ts.
"""
import json
import sys
import threading
import time

import librdkafka_trace
from confluent_kafka import KafkaException, Producer

OPTIONS = json.loads(sys.argv[1])
TOPIC, PARTITIONS = OPTIONS["topic"], OPTIONS["partitions"]
PACE_SECONDS = OPTIONS["paceMs"] / 1000
CALL_SECONDS = OPTIONS["deliveryMs"] / 1000
MOST_IN_FLIGHT = 50
ABORTS = 4
log = open(OPTIONS["log"], "ab", buffering=0)
is_ending = False


def now_us():
    return time.monotonic_ns() // 1000


def tell(event, **fields):
    log.write((json.dumps({"atUs": now_us(), "event": event, **fields}) + "\n").encode())


def config():
    return {"bootstrap.servers": OPTIONS["bootstrap"], "broker.address.family": "v4", "client.id": OPTIONS["name"], **librdkafka_trace.config(), "linger.ms": 0,
            "reconnect.backoff.max.ms": 500, "socket.timeout.ms": 5000, "topic.metadata.refresh.interval.ms": 2000, "retry.backoff.max.ms": 500,
            "error_cb": lambda error: tell("error", error=error.name())}


def write_records():
    producer = Producer({**config(), "enable.idempotence": True, "message.timeout.ms": OPTIONS["deliveryMs"]})
    number = 0
    while not is_ending:
        place, value, since = "%s/%d" % (TOPIC, number % PARTITIONS), "%s:%d" % (OPTIONS["name"], number), now_us()

        def delivered(error, record, place=place, value=value, since=since):
            if error:
                tell("unsent", sinceUs=since, place=place, value=value, error=error.name())
            else:
                # None where a later batch was acknowledged and this one's answer lost: the library concludes that it is stored, and not where.
                offset = record.offset()
                tell("sent", sinceUs=since, place=place, offset=-1 if offset is None else offset, value=value)

        producer.produce(TOPIC, partition=number % PARTITIONS, value=value, on_delivery=delivered)
        number += 1
        producer.poll(PACE_SECONDS)
        while len(producer) > MOST_IN_FLIGHT:
            producer.poll(0.1)
        time.sleep(PACE_SECONDS)
    producer.flush(CALL_SECONDS)


def until_done(action):
    """Errors that the library calls retriable are tried again, as it asks for."""
    deadline = time.monotonic() + CALL_SECONDS
    while True:
        try:
            return action(CALL_SECONDS)
        except KafkaException as failure:
            if not failure.args[0].retriable() or time.monotonic() > deadline:
                raise
            tell("error", error=failure.args[0].name())


def write_transactions():
    producer, number = None, 0
    while not is_ending:
        records = [((number + part) % PARTITIONS, "%s:%d:%d" % (OPTIONS["name"], number, part)) for part in (0, 1)]
        told = {"number": number, "sinceUs": now_us(), "records": [["%s/%d" % (TOPIC, partition), value] for partition, value in records]}
        is_committing = False
        try:
            if producer is None:
                producer = Producer({**config(), "transactional.id": OPTIONS["transactionalId"], "transaction.timeout.ms": 15_000,
                                     "message.timeout.ms": 15_000})
                until_done(producer.init_transactions)
            producer.begin_transaction()
            for partition, value in records:
                producer.produce(TOPIC, partition=partition, value=value)
            if number % ABORTS == ABORTS - 1:
                until_done(producer.abort_transaction)
                tell("transaction", **told, outcome="aborted")
            else:
                is_committing = True
                until_done(producer.commit_transaction)
                tell("transaction", **told, outcome="committed")
        except KafkaException as failure:
            error = failure.args[0]
            outcome = "unknown" if is_committing else "aborted"
            if error.txn_requires_abort():
                # The records were not all taken: it was refused to commit before it was asked of anybody.
                outcome = "aborted"
                try:
                    until_done(producer.abort_transaction)
                except KafkaException:
                    producer = None
            else:
                producer = None
            tell("transaction", **told, outcome=outcome, error="%s: %s" % (error.name(), error.str()))
            time.sleep(0.2)
        number += 1
        time.sleep(PACE_SECONDS)


def read_input():
    global is_ending
    for _ in sys.stdin:
        pass
    is_ending = True


threading.Thread(target=read_input, daemon=True).start()
try:
    write_transactions() if "transactionalId" in OPTIONS else write_records()
    tell("left")
except Exception as failure:
    tell("failed", error=str(failure))

"""The clients of a cluster's scenario with librdkafka: librdkafka_workload.py BOOTSTRAP RACKS, one rack for each member.

Tells what happens to them, a line of JSON an event (cluster-history.ts), and answers the calls of cluster-workload.ts, a line of JSON each.
The end of its input ends it.
"""
import json
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

ORDERS = "orders"
LEDGER = "ledger"
LEDGER_PARTITIONS = 3
KEYS = 8
MOST_IN_FLIGHT = 100
PACE_SECONDS = 0.004
ABORTS = 4
LONG_SECONDS = 80

writing = threading.Lock()
is_producing = True
is_consuming = True


def tell(event, **fields):
    with writing:
        print(json.dumps({"event": event, **fields}), flush=True)


def name_of(failure):
    error = failure.args[0]
    return f"{error.name()}: {error.str()}"


def common(who):
    def on_error(error):
        tell("died" if error.fatal() else "error", who=who, error=error.name())

    return {"bootstrap.servers": sys.argv[1], "broker.address.family": "v4", "client.id": who.replace(" ", "-"), "error_cb": on_error, "log_level": 0,
            "reconnect.backoff.max.ms": 500, "socket.timeout.ms": 10_000, "topic.metadata.refresh.interval.ms": 5000}


def produce(name, is_idempotent):
    in_flight_limit = 5 if is_idempotent else 1
    producer = Producer({**common(f"producer {name}"), "acks": -1, "enable.idempotence": is_idempotent, "linger.ms": 0, "message.timeout.ms": LONG_SECONDS * 1000,
                         "max.in.flight.requests.per.connection": in_flight_limit, "retries": 1_000_000})

    def delivered(error, record):
        value = record.value().decode()
        if error:
            tell("unsent", value=value, error=error.name())
        else:
            tell("sent", value=value, partition=record.partition(), offset=record.offset())

    number = 0
    while is_producing:
        key = f"k{number % KEYS}"
        producer.produce(ORDERS, key=key, value=f"{name} {key} {number}", on_delivery=delivered)
        number += 1
        producer.poll(PACE_SECONDS)
        while len(producer) > MOST_IN_FLIGHT:
            producer.poll(0.1)
        time.sleep(PACE_SECONDS)
    producer.flush(LONG_SECONDS)


def transact():
    producer, number = None, 0
    while is_producing:
        try:
            if producer is None:
                producer = Producer({**common("transactional producer"), "transactional.id": "ledger-writer", "linger.ms": 0, "transaction.timeout.ms": 60_000})
                producer.init_transactions(LONG_SECONDS)
            tell("transaction", number=number, outcome=transaction(producer, number))
        except KafkaException as failure:
            tell("error", who="transactional producer", error=name_of(failure))
            tell("transaction", number=number, outcome="unknown")
            producer = None
        number += 1
        time.sleep(PACE_SECONDS)


def transaction(producer, number):
    producer.begin_transaction()
    producer.produce(LEDGER, partition=number % LEDGER_PARTITIONS, value=f"{number} a")
    producer.produce(LEDGER, partition=(number + 1) % LEDGER_PARTITIONS, value=f"{number} b")
    if number % ABORTS == ABORTS - 1:
        until_done(producer.abort_transaction)
        return "aborted"
    until_done(producer.commit_transaction)
    return "committed"


def until_done(action):
    """Errors that the library calls retriable are tried again, as it asks for."""
    for _ in range(20):
        try:
            return action(LONG_SECONDS)
        except KafkaException as failure:
            if not failure.args[0].retriable():
                raise
            tell("error", who="transactional producer", error=name_of(failure))
    return action(LONG_SECONDS)


def consume(member, rack):
    consumer = Consumer({**common(member), "group.id": "readers", "client.rack": rack, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                         "session.timeout.ms": 10_000, "heartbeat.interval.ms": 500, "fetch.wait.max.ms": 200})

    ends = {}

    def assigned(_, partitions):
        tell("assigned", member=member, partitions=[each.partition for each in partitions])

    consumer.subscribe([ORDERS], on_assign=assigned, on_revoke=lambda *_: ends.clear())
    while is_consuming:
        for record in consumer.consume(100, 0.1):
            if record.error():
                tell("error", who=member, error=record.error().name())
                continue
            tell("received", member=member, partition=record.partition(), offset=record.offset(), value=record.value().decode())
            ends[record.partition()] = record.offset() + 1
        if ends:
            commit(consumer, member, ends)
    consumer.close()


def commit(consumer, member, ends):
    """What could not be committed stays in `ends`, to be committed with what comes after it."""
    try:
        done = consumer.commit(offsets=[TopicPartition(ORDERS, partition, offset) for partition, offset in ends.items()], asynchronous=False)
        for each in done:
            if each.error is None:
                tell("committed", member=member, partition=each.partition, offset=each.offset)
                ends.pop(each.partition, None)
    except KafkaException as failure:
        tell("error", who=member, error=name_of(failure))


def send_once(topic, partition, value):
    answers = []
    producer = Producer({**common("impatient"), "acks": -1, "message.timeout.ms": 4000, "linger.ms": 0})
    producer.produce(topic, partition=partition, value=value,
                     on_delivery=lambda error, record: answers.append({"error": error.name()} if error else {"offset": record.offset()}))
    producer.flush(20)
    return answers[0] if answers else {"error": "no answer"}


def quiesce():
    global is_producing
    is_producing = False
    for producer in producers:
        producer.join()


def started(who, work, *arguments):
    def run():
        try:
            work(*arguments)
        except BaseException as failure:
            tell("died", who=who, error=repr(failure))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


calls = {"quiesce": quiesce, "send": send_once, "nodesReadFrom": lambda: None}
members = [started(f"member {index}", consume, f"member {index}", rack) for index, rack in enumerate(sys.argv[2].split(","), 1)]
producers = [started("producer idempotent", produce, "idempotent", True), started("producer plain", produce, "plain", False),
             started("transactional producer", transact)]
for line in sys.stdin:
    asked = json.loads(line)
    tell("answer", id=asked["id"], result=calls[asked["call"]](**asked["args"]))
quiesce()
is_consuming = False
for thread in members:
    thread.join()

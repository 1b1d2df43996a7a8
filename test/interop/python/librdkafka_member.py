"""A member of a group with librdkafka, which writes what happens to it into a log of its own (../member-log.ts): librdkafka_member.py OPTIONS.

Its wishes and what it does on "hold", "go" and at the end of its input are in ../group-member.ts.
"""
import json
import queue
import sys
import threading
import time

import librdkafka_trace
from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, Consumer, KafkaException, Producer, TopicPartition

OPTIONS = json.loads(sys.argv[1])
COMMIT_EVERY_SECONDS = 0.15
CALL_SECONDS = 20
PATIENCE_SECONDS = 60
BATCH = 50
log = open(OPTIONS["log"], "ab", buffering=0)
commands = queue.Queue()
# What is consumed and not committed yet: the next offset to read, by topic and partition.
pending = {}
# What a transformer has to send.
batch = []
is_closing = False


def now_us():
    return time.monotonic_ns() // 1000


def tell(event, **fields):
    log.write((json.dumps({"atUs": now_us(), "event": event, **fields}) + "\n").encode())


def place(topic, partition):
    return "%s/%d" % (topic, partition)


def places(partitions):
    return [place(each.topic, each.partition) for each in partitions]


def take_pending(keys):
    return [TopicPartition(*key, pending.pop(key)) for key in list(keys) if key in pending]


def told(offsets):
    return {place(each.topic, each.partition): each.offset for each in offsets}


def commit(keys):
    offsets = take_pending(keys)
    if not offsets:
        return
    since = now_us()
    try:
        answers = consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException as failure:
        tell("refused", offsets=told(offsets), error=failure.args[0].name())
        return
    done = [each for each in answers if each.error is None]
    if done:
        tell("committed", sinceUs=since, offsets=told(done))
    for each in answers:
        if each.error is not None:
            tell("refused", offsets=told([each]), error=each.error.name())


def on_assign(_, partitions):
    # What it is given while it closes, a classic member of librdkafka leaves alone, and does not say so by a callback.
    is_left_alone = is_closing and OPTIONS["protocol"] == "classic"
    if partitions and not is_left_alone:
        tell("assigned", places=places(partitions))


def on_revoke(_, partitions):
    if producer is None:
        commit([(each.topic, each.partition) for each in partitions])
    else:
        forget(partitions)
    if partitions:
        tell("revoked", places=places(partitions))


def on_lost(_, partitions):
    forget(partitions)
    if partitions:
        tell("lost", places=places(partitions))


def forget(partitions):
    keys = {(each.topic, each.partition) for each in partitions}
    take_pending(keys)
    batch[:] = [record for record in batch if (record.topic(), record.partition()) not in keys]


def note(record):
    tell("consumed", place=place(record.topic(), record.partition()), offset=record.offset())
    pending[(record.topic(), record.partition())] = record.offset() + 1


def hold():
    tell("held")
    while commands.get() != "go":
        pass


def transform(is_holding):
    producer.begin_transaction()
    for record in batch:
        producer.produce(OPTIONS["output"], value="%s/%d" % (place(record.topic(), record.partition()), record.offset()), partition=0)
    if is_holding:
        hold()
    batch.clear()
    offsets = take_pending(list(pending))
    since = now_us()
    try:
        until_done(lambda: producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), CALL_SECONDS), is_to_repeat)
        until_done(lambda: producer.commit_transaction(CALL_SECONDS), is_to_repeat)
        tell("committed", sinceUs=since, offsets=told(offsets))
    except KafkaException as failure:
        tell("refused", offsets=told(offsets), error=failure.args[0].name(), reason=failure.args[0].str())
        give_up_transaction(failure.args[0])
        rewind()


def give_up_transaction(error):
    """A producer that is lost for good is followed by another. One is lost where a transaction is to be aborted of which no coordinator has heard."""
    global producer
    try:
        if not error.fatal():
            return until_done(lambda: producer.abort_transaction(CALL_SECONDS))
    except KafkaException as failure:
        if not failure.args[0].fatal():
            raise
    producer = transactional_producer()


def transactional_producer():
    made = Producer({"bootstrap.servers": OPTIONS["bootstrap"], "broker.address.family": "v4", "transactional.id": OPTIONS["transactionalId"], "linger.ms": 0,
                     **librdkafka_trace.config()})
    until_done(lambda: made.init_transactions(CALL_SECONDS))
    return made


def is_to_repeat(error):
    """What the library goes on with when it is asked again, and would not let be aborted meanwhile."""
    return error.retriable()


def until_done(action, is_passing=lambda error: not error.fatal()):
    """Coordinators may be away for a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return action()
        except KafkaException as failure:
            if not is_passing(failure.args[0]) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def rewind():
    """What was not committed is read again."""
    for each in until_done(lambda: consumer.committed(consumer.assignment(), CALL_SECONDS)):
        try:
            consumer.seek(TopicPartition(each.topic, each.partition, OFFSET_BEGINNING if each.offset == OFFSET_INVALID else each.offset))
        except KafkaException:
            pass  # The partition went meanwhile.


def read_commands():
    for line in sys.stdin:
        commands.put(line.strip())
    commands.put(None)


def consumer_config():
    config = {
        "bootstrap.servers": OPTIONS["bootstrap"], "broker.address.family": "v4", "client.id": OPTIONS["name"], "group.id": OPTIONS["group"],
        "group.protocol": OPTIONS["protocol"], "auto.offset.reset": "earliest", "enable.auto.commit": False, "fetch.wait.max.ms": 100,
        "topic.metadata.refresh.interval.ms": 1000, "retry.backoff.ms": 50, "isolation.level": "read_committed", **librdkafka_trace.config(),
    }
    if "instance" in OPTIONS:
        config["group.instance.id"] = OPTIONS["instance"]
    if OPTIONS["protocol"] == "classic":
        config.update({"session.timeout.ms": OPTIONS["sessionMs"], "heartbeat.interval.ms": 200, "partition.assignment.strategy": OPTIONS["assignor"]})
    return config


def live():
    global is_closing
    topics = [OPTIONS["pattern"]] if "pattern" in OPTIONS else OPTIONS["topics"]
    consumer.subscribe(topics, on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)
    is_holding = False
    last_commit = time.monotonic()
    while True:
        try:
            command = commands.get_nowait()
            if command is None:
                break
            is_holding = is_holding or command == "hold"
        except queue.Empty:
            pass
        # One by one: a record has its line in the log before another callback runs.
        polled = 0
        while polled < BATCH:
            record = consumer.poll(0 if polled else 0.05)
            if record is None:
                break
            polled += 1
            if record.error():
                tell("error", error="%s: %s" % (record.error().name(), record.error().str()))
                continue
            note(record)
            if producer is not None:
                batch.append(record)
        if producer is not None:
            if batch:
                transform(is_holding)
                is_holding = False
            continue
        is_held = is_holding and bool(pending)
        if is_held:
            hold()
            is_holding = False
        if is_held or time.monotonic() - last_commit > COMMIT_EVERY_SECONDS:
            commit(list(pending))
            last_commit = time.monotonic()
    if producer is None:
        commit(list(pending))
    is_closing = True
    consumer.close()
    tell("left")


threading.Thread(target=read_commands, daemon=True).start()
consumer = Consumer(consumer_config())
producer = None
try:
    if "output" in OPTIONS:
        producer = transactional_producer()
    live()
except Exception as failure:
    tell("failed", error=str(failure))

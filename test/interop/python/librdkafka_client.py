"""librdkafka as a client program of the interop suite: librdkafka_client.py BOOTSTRAP. See client-process.ts for the calls."""
import sys
import time
import uuid

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from line_server import Refused, serve

COMMON = {"bootstrap.servers": sys.argv[1], "broker.address.family": "v4"}
CALL_SECONDS = 20
admin = AdminClient(COMMON)


def refuse(error):
    raise Refused(error.name(), error.str())


def settle(futures):
    for future in futures.values():
        try:
            future.result(CALL_SECONDS)
        except KafkaException as failure:
            refuse(failure.args[0])


def create_topic(topic, partitions, configs=None):
    settle(admin.create_topics([NewTopic(topic, partitions, 1, config=configs or {})], operation_timeout=CALL_SECONDS))


def delete_topic(topic):
    settle(admin.delete_topics([topic], operation_timeout=CALL_SECONDS))


def partition_count(topic):
    # Asked as a consumer does, or else the question would make the topic: at once in Odradek, a moment after the answer in Kafka.
    consumer = reader()
    described = consumer.list_topics(topic, timeout=CALL_SECONDS).topics[topic]
    consumer.close()
    if described.error:
        refuse(described.error)
    return len(described.partitions)


def produce(topic, records, codec="none", acks=-1, isIdempotent=False):
    settings = {"compression.type": codec, "acks": acks, "enable.idempotence": isIdempotent, "linger.ms": 50, "message.max.bytes": 10_000_000,
                "message.timeout.ms": CALL_SECONDS * 1000, "allow.auto.create.topics": False}
    producer = Producer({**COMMON, **settings})
    sent, errors = [], []

    def delivered(error, record):
        if error:
            errors.append(error)
        else:
            sent.append({"partition": record.partition(), "offset": record.offset()})

    for record in records:
        headers = [(name, value.encode()) for name, value in record.get("headers", [])]
        producer.produce(topic, value=record["value"], key=record["key"], partition=record["partition"], timestamp=record["timestampMs"], headers=headers, on_delivery=delivered)
    producer.flush(CALL_SECONDS)
    if errors:
        refuse(errors[0])
    return in_order(sent)


def in_order(records):
    return sorted(records, key=lambda record: (record["partition"], record["offset"]))


def reader(**settings):
    return Consumer({**COMMON, "group.id": f"reader-{uuid.uuid4()}", "enable.auto.commit": False, "auto.offset.reset": "error", "allow.auto.create.topics": False,
                     "fetch.wait.max.ms": 100, **settings})


def to_json(record):
    text = lambda value: None if value is None else value.decode()
    headers = [[name, text(value)] for name, value in record.headers() or []]
    return {"partition": record.partition(), "offset": record.offset(), "key": text(record.key()), "value": text(record.value()), "timestampMs": record.timestamp()[1], "headers": headers}


def take(consumer, count, seconds):
    seen = []
    until = time.monotonic() + seconds
    while len(seen) < count and time.monotonic() < until:
        record = consumer.poll(0.1)
        if record is None:
            continue
        if record.error():
            refuse(record.error())
        seen.append(to_json(record))
    return in_order(seen)


def positions(consumer, topic, partitions, start):
    if start == "beginning":
        return [TopicPartition(topic, each, OFFSET_BEGINNING) for each in partitions]
    if "offset" in start:
        return [TopicPartition(topic, each, start["offset"]) for each in partitions]
    return consumer.offsets_for_times([TopicPartition(topic, each, start["timestampMs"]) for each in partitions], CALL_SECONDS)


def read(topic, partitions, count, waitMs=15000, **start):
    consumer = reader()
    try:
        consumer.assign(positions(consumer, topic, partitions, start["from"]))
        return take(consumer, count, waitMs / 1000)
    finally:
        consumer.close()


def read_new(topic, partitions, records):
    ends = []
    consumer = reader(**{"enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, each, OFFSET_END) for each in partitions])
    until = time.monotonic() + CALL_SECONDS
    while len(ends) < len(partitions) and time.monotonic() < until:
        record = consumer.poll(0.1)
        if record is not None and record.error() and record.error().code() == KafkaError._PARTITION_EOF:
            ends.append(record.partition())
    produce(topic, records)
    seen = []
    while len(seen) < len(records) and time.monotonic() < until:
        record = consumer.poll(0.1)
        if record is not None and not record.error():
            seen.append(to_json(record))
    consumer.close()
    return in_order(seen)


def watermarks(topic, partitions):
    consumer = reader()
    try:
        pairs = [consumer.get_watermark_offsets(TopicPartition(topic, each), CALL_SECONDS) for each in partitions]
        return [{"low": low, "high": high} for low, high in pairs]
    except KafkaException as failure:
        refuse(failure.args[0])
    finally:
        consumer.close()


def offsets_for_time(topic, partitions, timestampMs):
    consumer = reader()
    found = consumer.offsets_for_times([TopicPartition(topic, each, timestampMs) for each in partitions], CALL_SECONDS)
    consumer.close()
    return [each.offset for each in found]


class Member:
    """The group membership of this process: it polls when idle and commits each record that it received."""

    consumer = None
    received = []

    @classmethod
    def join(cls, topic, group, protocol="classic"):
        classic = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500} if protocol == "classic" else {}
        cls.received = []
        cls.consumer = Consumer({**COMMON, "group.id": group, "group.protocol": protocol, "enable.auto.commit": False, "auto.offset.reset": "earliest",
                                 "fetch.wait.max.ms": 100, **classic})
        cls.consumer.subscribe([topic])

    @classmethod
    def idle(cls):
        record = cls.consumer.poll(0.02) if cls.consumer else None
        if record is None or record.error():
            return
        cls.received.append({"partition": record.partition(), "offset": record.offset(), "value": None if record.value() is None else record.value().decode()})
        try:
            cls.consumer.commit(record, asynchronous=False)
        except KafkaException:
            pass  # A rebalance came in between: the next owner reads the record again.

    @classmethod
    def assignment(cls):
        return sorted(each.partition for each in cls.consumer.assignment())

    @classmethod
    def leave(cls):
        cls.consumer.close()
        cls.consumer = None


def committed(topic, group, partitions):
    consumer = reader(**{"group.id": group})
    found = consumer.committed([TopicPartition(topic, each) for each in partitions], CALL_SECONDS)
    consumer.close()
    return [max(each.offset, -1) for each in found]


serve({
    "createTopic": create_topic, "deleteTopic": delete_topic, "partitionCount": partition_count, "produce": produce, "read": read, "readNew": read_new,
    "watermarks": watermarks, "offsetsForTime": offsets_for_time, "committed": committed, "join": Member.join, "leave": Member.leave,
    "assignment": Member.assignment, "received": lambda: in_order(Member.received),
}, Member.idle)

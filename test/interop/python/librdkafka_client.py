"""librdkafka as a client program of the interop suite: librdkafka_client.py [SETTINGS] BOOTSTRAP, with settings of its own as JSON. See
client-process.ts for the calls."""
import json
import sys
import time
import uuid

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import version as package_version, libversion
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, ResourceType
from line_server import Refused, serve, steadily

COMMON = {"bootstrap.servers": sys.argv[-1], "broker.address.family": "v4", **(json.loads(sys.argv[1]) if len(sys.argv) > 2 else {})}
CALL_SECONDS = 20
admin = AdminClient(COMMON)


def about():
    return {"version": f"{package_version()} (librdkafka {libversion()[0]})", "codecs": ["none", "gzip", "snappy", "lz4", "zstd"], "lacks": {}}


def refuse(error):
    raise Refused(error.name(), error.str())


def refusing(call):
    """Turns the client's errors into refusals."""
    def wrapped(**args):
        try:
            return call(**args)
        except KafkaException as failure:
            refuse(failure.args[0])
    return wrapped


def result(future):
    return future.result(CALL_SECONDS)


def settle(futures):
    return [result(future) for future in futures.values()]


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


def list_topics(prefix):
    return sorted(name for name in admin.list_topics(timeout=CALL_SECONDS).topics if name.startswith(prefix))


def add_partitions(topic, partitions):
    settle(admin.create_partitions([NewPartitions(topic, partitions)], operation_timeout=CALL_SECONDS))


def describe_configs(topic, names):
    [described] = settle(admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]))
    return {name: described[name].value if name in described else None for name in names}


def alter_configs(topic, configs):
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in configs.items()]
    settle(admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)]))


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

    send(producer, topic, records, delivered)
    producer.flush(CALL_SECONDS)
    if errors:
        refuse(errors[0])
    return in_order(sent)


def send(producer, topic, records, delivered=None):
    for record in records:
        headers = [(name, value.encode()) for name, value in record.get("headers", [])]
        producer.produce(topic, value=record["value"], key=record["key"], partition=record["partition"], timestamp=record["timestampMs"], headers=headers, on_delivery=delivered)


def produce_steadily(topic, partitions, count, everyMs):
    producer = Producer({**COMMON, "message.timeout.ms": 60_000, "linger.ms": 0, "allow.auto.create.topics": False})

    def send_one(partition, value):
        errors = []
        producer.produce(topic, value=value, partition=partition, on_delivery=lambda error, _: errors.append(error))
        producer.flush(70)
        return errors[0].name() if errors[0] else None

    return steadily(send_one, partitions, count, everyMs)


transactional = {}
"""Producers by their transactional ids, and whether their transaction is open."""


def transact(id, topic, records, end, offsets=None):
    if id not in transactional:
        producer = Producer({**COMMON, "transactional.id": id, "linger.ms": 0})
        producer.init_transactions(CALL_SECONDS)
        transactional[id] = [producer, False]
    producer, is_open = transactional[id]
    if not is_open:
        producer.begin_transaction()
    transactional[id][1] = end == "open"
    send(producer, topic, records)
    if offsets:
        member = reader(**{"group.id": offsets["group"]})
        producer.send_offsets_to_transaction([TopicPartition(offsets["topic"], offsets["partition"], offsets["offset"])], member.consumer_group_metadata(), CALL_SECONDS)
        member.close()
    producer.flush(CALL_SECONDS)
    if end == "commit":
        producer.commit_transaction(CALL_SECONDS)
    elif end == "abort":
        producer.abort_transaction(CALL_SECONDS)


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


def read(topic, partitions, count, waitMs=15000, isolation="read_committed", **start):
    consumer = reader(**{"isolation.level": isolation})
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


def commit(topic, group, offsets):
    places = [TopicPartition(topic, each["partition"], each["offset"]) for each in offsets]
    settle(admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)]))


def list_groups(prefix):
    return sorted(each.group_id for each in result(admin.list_consumer_groups()).valid if each.group_id.startswith(prefix))


def describe_group(group):
    [described] = settle(admin.describe_consumer_groups([group]))
    return {"state": described.state.name, "members": len(described.members)}


def delete_group(group):
    settle(admin.delete_consumer_groups([group]))


calls = {
    "about": about, "createTopic": create_topic, "deleteTopic": delete_topic, "partitionCount": partition_count, "listTopics": list_topics, "addPartitions": add_partitions,
    "describeConfigs": describe_configs, "alterConfigs": alter_configs, "produce": produce, "produceSteadily": produce_steadily, "transact": transact, "read": read,
    "readNew": read_new, "watermarks": watermarks, "offsetsForTime": offsets_for_time, "committed": committed, "commit": commit, "listGroups": list_groups,
    "describeGroup": describe_group, "deleteGroup": delete_group, "join": Member.join, "leave": Member.leave, "assignment": Member.assignment,
    "received": lambda: in_order(Member.received),
}
serve({name: refusing(call) for name, call in calls.items()}, Member.idle)

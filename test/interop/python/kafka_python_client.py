"""kafka-python as a client program of the interop suite: kafka_python_client.py BOOTSTRAP. See client-process.ts for the calls."""
import logging
import sys
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition, __version__
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import KafkaError, NoError, RetriableError
from kafka.structs import OffsetAndMetadata
from line_server import Refused, serve, steadily

logging.disable(logging.CRITICAL)
BOOTSTRAP = sys.argv[1]
CALL_SECONDS = 20


def refusing(call):
    """Turns the client's errors into refusals, by the name of their class."""
    def wrapped(**args):
        try:
            return call(**args)
        except (KafkaError, ValueError, AssertionError) as failure:
            raise Refused(type(failure).__name__, "") from failure
    return wrapped


def about():
    return {"version": __version__, "codecs": ["none", "gzip", "snappy", "lz4", "zstd"], "lacks": {}}


class Lazy:
    """The admin client, connected at the first use."""

    client = None

    @classmethod
    def get(cls):
        cls.client = cls.client or KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
        return cls.client


def create_topic(topic, partitions, configs=None):
    Lazy.get().create_topics([NewTopic(topic, partitions, 1, topic_configs=configs or {})])


def delete_topic(topic):
    Lazy.get().delete_topics([topic])


def partition_count(topic):
    described = Lazy.get().describe_topics([topic])[0]
    if described["error_code"]:
        raise Refused(str(described["error_code"]), "")
    return len(described["partitions"])


def list_topics(prefix):
    return sorted(name for name in Lazy.get().list_topics() if name.startswith(prefix))


def add_partitions(topic, partitions):
    Lazy.get().create_partitions({topic: NewPartitions(partitions)})


def describe_configs(topic, names):
    described = Lazy.get().describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic, names)], config_filter="all")["topic"][topic]
    return {name: described[name]["value"] if name in described else None for name in names}


def alter_configs(topic, configs):
    outcome = Lazy.get().alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])["topic"][topic]
    if outcome != "OK":
        raise Refused("ConfigError", outcome)


def in_order(records):
    return sorted(records, key=lambda record: (record["partition"], record["offset"]))


def encoded(text):
    return None if text is None else text.encode()


def produce(topic, records, codec="none", acks=-1, isIdempotent=False):
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, compression_type=None if codec == "none" else codec, acks="all" if acks == -1 else acks,
                             enable_idempotence=isIdempotent, linger_ms=50, max_request_size=10_000_000, max_block_ms=5000, delivery_timeout_ms=CALL_SECONDS * 1000,
                             request_timeout_ms=10_000)
    try:
        sent = send(producer, topic, records)
        return in_order([{"partition": each.partition, "offset": each.offset} for each in sent])
    finally:
        producer.close(timeout=2)


def send(producer, topic, records):
    futures = []
    for record in records:
        headers = [(name, value.encode()) for name, value in record.get("headers", [])]
        futures.append(producer.send(topic, encoded(record["value"]), encoded(record["key"]), headers, record["partition"], record["timestampMs"]))
    producer.flush(CALL_SECONDS)
    return [future.get(CALL_SECONDS) for future in futures]


def produce_steadily(topic, partitions, count, everyMs):
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, delivery_timeout_ms=60_000, request_timeout_ms=10_000)

    def send_one(partition, value):
        try:
            producer.send(topic, value.encode(), partition=partition).get(70)
        except KafkaError as error:
            return type(error).__name__

    sent = steadily(send_one, partitions, count, everyMs)
    producer.close(timeout=2)
    return sent


transactional = {}
"""Producers by their transactional ids, and whether their transaction is open."""


def transact(id, topic, records, end, offsets=None):
    if id not in transactional:
        producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id=id, max_block_ms=CALL_SECONDS * 1000)
        producer.init_transactions()
        transactional[id] = [producer, False]
    producer, is_open = transactional[id]
    if not is_open:
        producer.begin_transaction()
    transactional[id][1] = end == "open"
    send(producer, topic, records)
    if offsets:
        place = TopicPartition(offsets["topic"], offsets["partition"])
        producer.send_offsets_to_transaction({place: OffsetAndMetadata(offsets["offset"], "", -1)}, offsets["group"])
    if end == "commit":
        producer.commit_transaction()
    elif end == "abort":
        producer.abort_transaction()


def reader(**settings):
    return KafkaConsumer(bootstrap_servers=BOOTSTRAP, group_id=None, enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=100, **settings)


def to_json(record):
    text = lambda value: None if value is None else value.decode()
    headers = [[name, text(value)] for name, value in record.headers]
    return {"partition": record.partition, "offset": record.offset, "key": text(record.key), "value": text(record.value), "timestampMs": record.timestamp, "headers": headers}


def take(consumer, count, seconds):
    seen = []
    until = time.monotonic() + seconds
    while len(seen) < count and time.monotonic() < until:
        for records in consumer.poll(timeout_ms=100).values():
            seen.extend(to_json(record) for record in records)
    return in_order(seen)


def assigned(topic, partitions, **settings):
    consumer = reader(**settings)
    zones = [TopicPartition(topic, each) for each in partitions]
    consumer.assign(zones)
    return consumer, zones


def read(topic, partitions, count, waitMs=15000, isolation="read_uncommitted", **start):
    consumer, zones = assigned(topic, partitions, isolation_level=isolation)
    start = start["from"]
    try:
        if start == "beginning":
            consumer.seek_to_beginning(*zones)
        elif "offset" in start:
            for zone in zones:
                consumer.seek(zone, start["offset"])
        else:
            found = consumer.offsets_for_times({zone: start["timestampMs"] for zone in zones})
            for zone in zones:
                consumer.seek(zone, found[zone].offset) if found[zone] else consumer.seek_to_end(zone)
        return take(consumer, count, waitMs / 1000)
    finally:
        consumer.close()


def read_new(topic, partitions, records):
    consumer, zones = assigned(topic, partitions)
    consumer.seek_to_end(*zones)
    for zone in zones:
        consumer.position(zone)
    produce(topic, records)
    seen = take(consumer, len(records), CALL_SECONDS)
    consumer.close()
    return seen


def watermarks(topic, partitions):
    consumer, zones = assigned(topic, partitions)
    low, high = consumer.beginning_offsets(zones), consumer.end_offsets(zones)
    consumer.close()
    return [{"low": low[zone], "high": high[zone]} for zone in zones]


def offsets_for_time(topic, partitions, timestampMs):
    consumer, zones = assigned(topic, partitions)
    found = consumer.offsets_for_times({zone: timestampMs for zone in zones})
    consumer.close()
    return [found[zone].offset if found[zone] else -1 for zone in zones]


class Member:
    """The group membership of this process: it polls when idle and commits what it received."""

    consumer = None
    received = []

    @classmethod
    def join(cls, topic, group, protocol="classic"):
        cls.received = []
        cls.consumer = KafkaConsumer(topic, bootstrap_servers=BOOTSTRAP, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100,
                                     session_timeout_ms=6000, heartbeat_interval_ms=500)

    @classmethod
    def idle(cls):
        if not cls.consumer:
            return
        # A poll that ends in the middle of a rebalance can leave this client without heartbeats and partitions for good, so it gets time.
        polled = cls.consumer.poll(timeout_ms=500)
        for records in polled.values():
            cls.received.extend({"partition": each.partition, "offset": each.offset, "value": None if each.value is None else each.value.decode()} for each in records)
        if polled:
            try:
                cls.consumer.commit({zone: OffsetAndMetadata(records[-1].offset + 1, "", -1) for zone, records in polled.items()})
            except KafkaError:
                pass  # A rebalance came in between: the next owner reads the records again.

    @classmethod
    def assignment(cls):
        return sorted(zone.partition for zone in cls.consumer.assignment())

    @classmethod
    def leave(cls):
        cls.consumer.close()
        cls.consumer = None


def coordinated(ask):
    """Kafka makes its internal topic when it is needed first: until then there is no coordinator."""
    until = time.monotonic() + CALL_SECONDS
    while True:
        try:
            return ask()
        except RetriableError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def committed(topic, group, partitions):
    offsets = coordinated(lambda: Lazy.get().list_group_offsets({group: [TopicPartition(topic, each) for each in partitions]}))[group]
    return [offsets[TopicPartition(topic, each)].offset if TopicPartition(topic, each) in offsets else -1 for each in partitions]


def commit(topic, group, offsets):
    wanted = {TopicPartition(topic, each["partition"]): OffsetAndMetadata(each["offset"], "", -1) for each in offsets}
    for error in coordinated(lambda: Lazy.get().alter_group_offsets(group, wanted)).values():
        if error is not NoError:
            raise Refused(error.__name__, "")


def list_groups(prefix):
    return sorted(each["group_id"] for each in Lazy.get().list_groups() if each["group_id"].startswith(prefix))


def describe_group(group):
    described = coordinated(lambda: Lazy.get().describe_groups([group]))[group]
    if described["error"]:
        raise Refused("GroupError", described["error"])
    return {"state": described["group_state"], "members": len(described["members"])}


def delete_group(group):
    outcome = coordinated(lambda: Lazy.get().delete_groups([group]))[group]
    if outcome != "OK":
        raise Refused(outcome, "")


calls = {
    "about": about, "createTopic": create_topic, "deleteTopic": delete_topic, "partitionCount": partition_count, "listTopics": list_topics, "addPartitions": add_partitions,
    "describeConfigs": describe_configs, "alterConfigs": alter_configs, "produce": produce, "produceSteadily": produce_steadily, "transact": transact, "read": read,
    "readNew": read_new, "watermarks": watermarks, "offsetsForTime": offsets_for_time, "committed": committed, "commit": commit, "listGroups": list_groups,
    "describeGroup": describe_group, "deleteGroup": delete_group, "join": Member.join, "leave": Member.leave, "assignment": Member.assignment,
    "received": lambda: in_order(Member.received),
}
serve({name: refusing(call) for name, call in calls.items()}, Member.idle)

"""kafka-python 1.4 as a client program of the interop suite: old_kafka_python_client.py VERSION BOOTSTRAP, told of which version the broker is.
It knows some of the calls (client-process.ts)."""
import json
import logging
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from line_server import Refused, serve

logging.disable(logging.CRITICAL)
COMMON = {"bootstrap_servers": sys.argv[2], "api_version": tuple(json.loads(sys.argv[1]))}
CALL_SECONDS = 20


def refusing(call):
    def wrapped(**args):
        try:
            return call(**args)
        except (KafkaError, ValueError, AssertionError) as failure:
            raise Refused(type(failure).__name__, "") from failure
    return wrapped


def in_order(records):
    return sorted(records, key=lambda record: (record["partition"], record["offset"]))


def encoded(text):
    return None if text is None else text.encode()


def produce(topic, records, codec="none", acks=-1):
    producer = KafkaProducer(compression_type=None if codec == "none" else codec, acks="all" if acks == -1 else acks, linger_ms=50, **COMMON)
    try:
        futures = [producer.send(topic, value=encoded(record["value"]), key=encoded(record["key"]), partition=record["partition"], timestamp_ms=record["timestampMs"]) for record in records]
        producer.flush(CALL_SECONDS)
        sent = [future.get(CALL_SECONDS) for future in futures]
        return in_order([{"partition": each.partition, "offset": each.offset} for each in sent])
    finally:
        producer.close(timeout=2)


def reader(**settings):
    return KafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100, **{"group_id": None, **settings}, **COMMON)


def to_json(record):
    text = lambda value: None if value is None else value.decode()
    timestamp = -1 if record.timestamp is None else record.timestamp
    return {"partition": record.partition, "offset": record.offset, "key": text(record.key), "value": text(record.value), "timestampMs": timestamp, "headers": []}


def assigned(topic, partitions, **settings):
    consumer = reader(**settings)
    zones = [TopicPartition(topic, each) for each in partitions]
    consumer.assign(zones)
    return consumer, zones


def read(topic, partitions, count, waitMs=15000, **start):
    consumer, zones = assigned(topic, partitions)
    start = start["from"]
    seen = []
    try:
        for zone in zones:
            if start == "beginning":
                consumer.seek_to_beginning(zone)
            else:
                consumer.seek(zone, start["offset"])
        until = time.monotonic() + waitMs / 1000
        while len(seen) < count and time.monotonic() < until:
            for records in consumer.poll(timeout_ms=100).values():
                seen.extend(to_json(record) for record in records)
        return in_order(seen)
    finally:
        consumer.close()


def watermarks(topic, partitions):
    consumer, zones = assigned(topic, partitions)
    ends = []
    for zone in zones:
        consumer.seek_to_beginning(zone)
        low = consumer.position(zone)
        consumer.seek_to_end(zone)
        ends.append({"low": low, "high": consumer.position(zone)})
    consumer.close()
    return ends


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
    def join(cls, topic, group):
        cls.received = []
        cls.consumer = reader(group_id=group, session_timeout_ms=6000, heartbeat_interval_ms=500)
        cls.consumer.subscribe([topic])

    @classmethod
    def idle(cls):
        if not cls.consumer:
            return
        polled = cls.consumer.poll(timeout_ms=500)
        for records in polled.values():
            cls.received.extend({"partition": each.partition, "offset": each.offset, "value": None if each.value is None else each.value.decode()} for each in records)
        if polled:
            try:
                cls.consumer.commit({zone: OffsetAndMetadata(records[-1].offset + 1, "") for zone, records in polled.items()})
            except KafkaError:
                pass  # A rebalance came in between: the next owner reads the records again.

    @classmethod
    def leave(cls):
        cls.consumer.close()
        cls.consumer = None


def commit(topic, group, offsets):
    consumer, _ = assigned(topic, [each["partition"] for each in offsets], group_id=group)
    consumer.commit({TopicPartition(topic, each["partition"]): OffsetAndMetadata(each["offset"], "") for each in offsets})
    consumer.close()


def committed(topic, group, partitions):
    consumer, zones = assigned(topic, partitions, group_id=group)
    found = [consumer.committed(zone) for zone in zones]
    consumer.close()
    return [-1 if each is None else each for each in found]


calls = {
    "produce": produce, "read": read, "watermarks": watermarks, "offsetsForTime": offsets_for_time, "commit": commit, "committed": committed,
    "join": Member.join, "leave": Member.leave, "received": lambda: in_order(Member.received),
}
serve({name: refusing(call) for name, call in calls.items()}, Member.idle)

"""aiokafka as a client program of the interop suite: aiokafka_client.py BOOTSTRAP. See client-process.ts for the calls."""
import asyncio
import json
import logging
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition, __version__
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code
from aiokafka.structs import OffsetAndMetadata

logging.disable(logging.CRITICAL)
BOOTSTRAP = sys.argv[1]
CALL_SECONDS = 20
admin = None


class Refused(Exception):
    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def in_order(records):
    return sorted(records, key=lambda record: (record["partition"], record["offset"]))


def check(response):
    """The administration answers with error codes and leaves them to the caller."""
    for error in getattr(response, "topic_errors", None) or getattr(response, "topic_error_codes", None) or []:
        refuse_code(error[1], error[2] if len(error) > 2 else "")


def refuse_code(code, message=""):
    if code:
        raise Refused(for_code(code).__name__, message or "")


async def about():
    no_group_deletion = "its administration has no such call"
    return {"version": __version__, "codecs": ["none", "gzip", "snappy", "lz4", "zstd"], "lacks": {"deleteGroup": no_group_deletion, "consumer protocol": "it has the classic one"}}


async def create_topic(topic, partitions, configs=None):
    check(await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs or {})]))


async def delete_topic(topic):
    check(await admin.delete_topics([topic]))


async def partition_count(topic):
    if topic not in await admin.list_topics():  # Asked about, it would be made.
        raise Refused("not listed", "")
    [described] = await admin.describe_topics([topic])
    refuse_code(described["error_code"])
    return len(described["partitions"])


async def list_topics(prefix):
    return sorted(name for name in await admin.list_topics() if name.startswith(prefix))


async def add_partitions(topic, partitions):
    check(await admin.create_partitions({topic: NewPartitions(partitions)}))


async def describe_configs(topic, names):
    [response] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {name: None for name in names})])
    [(code, message, _, _, entries)] = response.resources
    refuse_code(code, message)
    values = {entry[0]: entry[1] for entry in entries}
    return {name: values.get(name) for name in names}


async def alter_configs(topic, configs):
    [response] = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])
    for code, message, *_ in response.resources:
        refuse_code(code, message)


def encoded(text):
    return None if text is None else text.encode()


async def send(producer, topic, records):
    futures = []
    for record in records:
        headers = [(name, value.encode()) for name, value in record.get("headers", [])]
        futures.append(await producer.send(topic, encoded(record["value"]), encoded(record["key"]), record["partition"], record["timestampMs"], headers))
    return [await asyncio.wait_for(future, CALL_SECONDS) for future in futures]


async def produce(topic, records, codec="none", acks=-1, isIdempotent=False):
    producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, compression_type=None if codec == "none" else codec, acks="all" if acks == -1 else acks,
                                enable_idempotence=isIdempotent, linger_ms=50, max_request_size=10_000_000)
    await producer.start()
    try:
        sent = await send(producer, topic, records)
        return in_order([{"partition": each.partition, "offset": each.offset} for each in sent if each])
    finally:
        await producer.stop()


async def produce_steadily(topic, partitions, count, everyMs):
    producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP)
    await producer.start()
    acknowledged, refused = [], []
    for index in range(count):
        try:
            await asyncio.wait_for(producer.send_and_wait(topic, str(index).encode(), partition=partitions[index % len(partitions)]), 70)
            acknowledged.append(str(index))
        except KafkaError as error:
            refused.append(type(error).__name__)
        await asyncio.sleep(everyMs / 1000)
    await producer.stop()
    return {"acknowledged": acknowledged, "refused": refused}


transactional = {}
"""Producers by their transactional ids, and whether their transaction is open."""


async def transact(id, topic, records, end, offsets=None):
    if id not in transactional:
        producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id=id)
        await producer.start()
        transactional[id] = [producer, False]
    producer, is_open = transactional[id]
    if not is_open:
        await producer.begin_transaction()
    transactional[id][1] = end == "open"
    await send(producer, topic, records)
    if offsets:
        place = TopicPartition(offsets["topic"], offsets["partition"])
        await producer.send_offsets_to_transaction({place: offsets["offset"]}, offsets["group"])
    if end == "commit":
        await producer.commit_transaction()
    elif end == "abort":
        await producer.abort_transaction()


async def reader(**settings):
    consumer = AIOKafkaConsumer(bootstrap_servers=BOOTSTRAP, enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=100, **settings)
    await consumer.start()
    return consumer


def to_json(record):
    text = lambda value: None if value is None else value.decode()
    headers = [[name, text(value)] for name, value in record.headers]
    return {"partition": record.partition, "offset": record.offset, "key": text(record.key), "value": text(record.value), "timestampMs": record.timestamp, "headers": headers}


async def take(consumer, count, seconds):
    seen = []
    until = time.monotonic() + seconds
    while len(seen) < count and time.monotonic() < until:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            seen.extend(to_json(record) for record in records)
    return in_order(seen)


async def assigned(topic, partitions, **settings):
    consumer = await reader(**settings)
    places = [TopicPartition(topic, each) for each in partitions]
    consumer.assign(places)
    return consumer, places


async def read(topic, partitions, count, waitMs=15000, isolation="read_uncommitted", **start):
    consumer, places = await assigned(topic, partitions, isolation_level=isolation)
    start = start["from"]
    try:
        if start == "beginning":
            await consumer.seek_to_beginning(*places)
        elif "offset" in start:
            for place in places:
                consumer.seek(place, start["offset"])
        else:
            found = await consumer.offsets_for_times({place: start["timestampMs"] for place in places})
            for place in places:
                if found[place]:
                    consumer.seek(place, found[place].offset)
                else:
                    await consumer.seek_to_end(place)
        return await take(consumer, count, waitMs / 1000)
    finally:
        await consumer.stop()


async def read_new(topic, partitions, records):
    consumer, places = await assigned(topic, partitions)
    await consumer.seek_to_end(*places)
    for place in places:
        await consumer.position(place)
    await produce(topic, records)
    seen = await take(consumer, len(records), CALL_SECONDS)
    await consumer.stop()
    return seen


async def watermarks(topic, partitions):
    consumer, places = await assigned(topic, partitions)
    low, high = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    await consumer.stop()
    return [{"low": low[place], "high": high[place]} for place in places]


async def offsets_for_time(topic, partitions, timestampMs):
    consumer, places = await assigned(topic, partitions)
    found = await consumer.offsets_for_times({place: timestampMs for place in places})
    await consumer.stop()
    return [found[place].offset if found[place] else -1 for place in places]


class Member:
    """The group membership of this process: it commits what it received."""

    consumer = None
    polling = None
    received = []

    @classmethod
    async def join(cls, topic, group, protocol="classic"):
        cls.received = []
        cls.consumer = AIOKafkaConsumer(topic, bootstrap_servers=BOOTSTRAP, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100,
                                        session_timeout_ms=6000, heartbeat_interval_ms=500)
        await cls.consumer.start()
        cls.polling = asyncio.create_task(cls.poll())

    @classmethod
    async def poll(cls):
        while True:
            try:
                polled = await cls.consumer.getmany(timeout_ms=100)
                for records in polled.values():
                    cls.received.extend({"partition": each.partition, "offset": each.offset, "value": None if each.value is None else each.value.decode()} for each in records)
                if polled:
                    await cls.consumer.commit({place: records[-1].offset + 1 for place, records in polled.items()})
            except KafkaError:
                await asyncio.sleep(0.1)  # A rebalance came in between: the next owner reads the records again.

    @classmethod
    async def assignment(cls):
        return sorted(place.partition for place in cls.consumer.assignment())

    @classmethod
    async def seen(cls):
        return in_order(cls.received)

    @classmethod
    async def leave(cls):
        cls.polling.cancel()
        await cls.consumer.stop()


async def committed(topic, group, partitions):
    found = await admin.list_consumer_group_offsets(group, partitions=[TopicPartition(topic, each) for each in partitions])
    return [found[TopicPartition(topic, each)].offset if TopicPartition(topic, each) in found else -1 for each in partitions]


async def commit(topic, group, offsets):
    consumer, _ = await assigned(topic, [each["partition"] for each in offsets], group_id=group)
    await consumer.commit({TopicPartition(topic, each["partition"]): OffsetAndMetadata(each["offset"], "") for each in offsets})
    await consumer.stop()


async def list_groups(prefix):
    return sorted(name for name, _ in await admin.list_consumer_groups() if name.startswith(prefix))


async def describe_group(group):
    [response] = await admin.describe_consumer_groups([group])
    [(code, _, state, _, _, members, *_)] = response.groups
    refuse_code(code)
    return {"state": state, "members": len(members)}


CALLS = {
    "about": about, "createTopic": create_topic, "deleteTopic": delete_topic, "partitionCount": partition_count, "listTopics": list_topics, "addPartitions": add_partitions,
    "describeConfigs": describe_configs, "alterConfigs": alter_configs, "produce": produce, "produceSteadily": produce_steadily, "transact": transact, "read": read,
    "readNew": read_new, "watermarks": watermarks, "offsetsForTime": offsets_for_time, "committed": committed, "commit": commit, "listGroups": list_groups,
    "describeGroup": describe_group, "join": Member.join, "leave": Member.leave, "assignment": Member.assignment, "received": Member.seen,
}


async def answer(asked):
    reply = {"id": asked["id"]}
    try:
        if asked["call"] not in CALLS:
            raise Refused("lacking", asked["call"])
        reply["result"] = await CALLS[asked["call"]](**asked["args"])
    except Refused as refused:
        reply["refused"] = {"name": refused.name, "message": str(refused)}
    except (KafkaError, ValueError, AssertionError, asyncio.TimeoutError) as failure:
        reply["refused"] = {"name": type(failure).__name__, "message": ""}
    print(json.dumps(reply), flush=True)


async def main():
    global admin
    admin = AIOKafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    await admin.start()
    lines = asyncio.StreamReader(limit=100_000_000)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await answer(json.loads(line))


asyncio.run(main())

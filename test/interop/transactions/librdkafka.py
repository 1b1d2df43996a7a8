# Transactions with librdkafka: prints what it observed as JSON.   python librdkafka.py <bootstrap> <name of topics and ids>

import json
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, name = sys.argv[1:3]
source = name + "-input"
observed = {}


def transactional(timeout_ms=60000):
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "transaction.timeout.ms": timeout_ms, "linger.ms": 0})
    producer.init_transactions(30)
    return producer


def consumer(isolation, group):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "isolation.level": isolation,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )


def read(isolation, topic=name):
    reader = consumer(isolation, name + "-reader")
    reader.assign([TopicPartition(topic, 0, 0)])
    values = []
    silent = 0
    # There is always something to read; the first of it takes as long as it takes.
    until = time.monotonic() + 30
    while silent < 4 or (not values and time.monotonic() < until):
        message = reader.poll(0.5)
        if message is None:
            silent += 1
        elif not message.error():
            silent = 0
            values.append("%d:%s" % (message.offset(), message.value().decode()))
    reader.close()
    return values


def attempt(action):
    try:
        action()
        return "done"
    except KafkaException as error:
        fault = error.args[0]
        return "%s retriable %s fatal %s abortable %s" % (fault.name(), fault.retriable(), fault.fatal(), fault.txn_requires_abort())


admin = AdminClient({"bootstrap.servers": bootstrap})
for future in admin.create_topics([NewTopic(name, 1, 1), NewTopic(source, 1, 1)]).values():
    future.result(30)
time.sleep(1)

producer = transactional()
producer.begin_transaction()
for value in "ab":
    producer.produce(name, key="k", value=value)
producer.commit_transaction(30)
producer.begin_transaction()
producer.produce(name, key="k", value="c")
producer.flush(10)
observed["open, committed"] = read("read_committed")
observed["open, uncommitted"] = read("read_uncommitted")
producer.abort_transaction(30)
observed["aborted"] = read("read_committed")

plain = Producer({"bootstrap.servers": bootstrap})
for index in range(20):
    plain.produce(source, value=str(index))
plain.flush(30)
worker = consumer("read_committed", name + "-group")
worker.subscribe([source])
done = 0
round_ = 0
while done < 20:
    messages = worker.consume(num_messages=10, timeout=5)
    if not messages:
        continue
    producer.begin_transaction()
    for message in messages:
        producer.produce(name, key="k", value="<%s>" % message.value().decode())
    producer.send_offsets_to_transaction(worker.position(worker.assignment()), worker.consumer_group_metadata(), 30)
    round_ += 1
    if round_ == 1:
        producer.abort_transaction(30)
        worker.seek(TopicPartition(source, 0, 0))
    else:
        producer.commit_transaction(30)
        done += len(messages)
observed["group"] = [each.offset for each in worker.committed([TopicPartition(source, 0)], 30)]
worker.close()
observed["transformed"] = [value.split(":")[1] for value in read("read_committed") if "<" in value]

producer.begin_transaction()
producer.produce(name, key="k", value="first")
producer.flush(10)
rival = transactional()
rival.begin_transaction()
rival.produce(name, key="k", value="second")
rival.commit_transaction(30)
producer.produce(name, key="k", value="late")
observed["fenced"] = attempt(lambda: producer.commit_transaction(30))
observed["in the end"] = [value.split(":")[1] for value in read("read_committed")][-2:]
print(json.dumps(observed))

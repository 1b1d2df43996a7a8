"""Consumers of share groups with librdkafka; calls and answers are in ../share-client.ts: librdkafka_share.py BOOTSTRAP.

Each consumer is called from a thread of its own.
"""
import json
import queue
import sys
import threading
import time

from confluent_kafka import AcknowledgeType, KafkaException, ShareConsumer

BOOTSTRAP = sys.argv[1]
POLL_SECONDS = 0.1
COMMIT_SECONDS = 60
TYPES = {"accept": AcknowledgeType.ACCEPT, "release": AcknowledgeType.RELEASE, "reject": AcknowledgeType.REJECT}
answering = threading.Lock()


class Consumer(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.calls = queue.Queue()
        self.consumer = None

    def run(self):
        while True:
            request = self.calls.get()
            line = {"id": request["id"]}
            try:
                line["result"] = getattr(self, request["call"])(request["args"])
            except Exception as error:
                name = error.args[0].name() if isinstance(error, KafkaException) else type(error).__name__
                line["refused"] = {"name": name, "message": str(error)}
            with answering:
                print(json.dumps(line), flush=True)

    def open(self, args):
        config = {
            "bootstrap.servers": BOOTSTRAP,
            "client.id": args["consumer"],
            "group.id": args["group"],
            "share.acknowledgement.mode": "implicit" if args.get("isImplicit") else "explicit",
            "reconnect.backoff.max.ms": 500,
            "topic.metadata.refresh.interval.ms": 1000,
            "log_level": 0,
        }
        if "maxRecords" in args:
            config["max.poll.records"] = args["maxRecords"]
        self.consumer = ShareConsumer(config)
        self.consumer.subscribe(list(args["topics"]))

    def poll(self, args):
        until = time.monotonic() + args["waitMs"] / 1000
        while True:
            seen = [described(message) for message in self.consumer.poll(POLL_SECONDS) if message.error() is None]
            if seen or time.monotonic() >= until:
                return seen

    def acknowledge(self, args):
        for record in args["records"]:
            self.consumer.acknowledge_offset(record["topic"], record["partition"], record["offset"], TYPES[args["type"]])

    def commit(self, _):
        outcomes = self.consumer.commit_sync(COMMIT_SECONDS)
        return {str(each.partition): None if error is None else error.args[0].name() for each, error in outcomes.items()}

    def close(self, _):
        self.consumer.close()


def described(message):
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "deliveries": message.delivery_count(),
        "value": message.value().decode(),
    }


consumers = {}
for text in sys.stdin:
    request = json.loads(text)
    name = request["args"]["consumer"]
    if name not in consumers:
        consumers[name] = Consumer()
        consumers[name].start()
    consumers[name].calls.put(request)

"""What librdkafka's recording runs: producers of each kind, a group of two, both group protocols, and the admin calls.

    librdkafka.py BOOTSTRAP
"""
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, ElectionType, IsolationLevel, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka import admin as adm

BOOTSTRAP = sys.argv[1]
TOPIC = "golden-librdkafka"


def call(name, run):
    try:
        answer = run()
        futures = answer.values() if isinstance(answer, dict) else [answer]
        print(name, [str(each.result(20) if hasattr(each, "result") else each)[:200] for each in futures])
    except Exception as refusal:  # what counts is that the bytes went by
        print("refused", name, str(refusal)[:200])


def produce(topic=TOPIC, **settings):
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "message.timeout.ms": 10000, **settings})
    for i in range(20):
        producer.produce(topic, key=None if i % 3 == 0 else f"key-{i}", value=None if i % 5 == 1 else f"value {i}" * 5, headers=[("number", b"%d" % i), ("none", None)])
    producer.flush(10)


def transactions():
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": "golden-librdkafka"})
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": "golden-librdkafka-tx", "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([TOPIC])
    consumer.poll(10)
    producer.init_transactions(10)
    for commits in (True, False):
        producer.begin_transaction()
        producer.produce(TOPIC, b"in a transaction")
        producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), 10)
        producer.commit_transaction(10) if commits else producer.abort_transaction(10)
    consumer.close()


def member(protocol, **settings):
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": f"golden-librdkafka-{protocol}", "group.protocol": protocol, "auto.offset.reset": "earliest",
                         "enable.auto.commit": False, "isolation.level": "read_committed", **settings})
    consumer.subscribe([TOPIC])
    return consumer


def group(protocol):
    quick = {"heartbeat.interval.ms": 500} if protocol == "classic" else {}
    members = [member(protocol, **quick), member(protocol, **{"group.instance.id": "static-1"}, **quick)]
    seen = 0
    until = time.monotonic() + 12
    while time.monotonic() < until and seen < 80:
        for each in members:
            record = each.poll(0.05)
            seen += record is not None and not record.error()
    for each in members:
        call("commit", lambda: each.commit(asynchronous=False))
        each.poll(1)
    first = members[0]
    call("committed", lambda: first.committed([TopicPartition(TOPIC, 0)], 5))
    call("offsets_for_times", lambda: first.offsets_for_times([TopicPartition(TOPIC, 0, 1000)], 5))
    call("watermarks", lambda: first.get_watermark_offsets(TopicPartition(TOPIC, 0), 5))
    call("seek", lambda: [first.seek(TopicPartition(TOPIC, each.partition, 1 << 40)) for each in first.assignment()])
    first.poll(2)
    for each in members:
        each.close()
    print("group", protocol, seen)


def admin_calls():
    admin = adm.AdminClient({"bootstrap.servers": BOOTSTRAP})
    resource = adm.ConfigResource(adm.ResourceType.TOPIC, TOPIC)
    zero = TopicPartition(TOPIC, 0)
    acl = adm.AclBinding(adm.ResourceType.TOPIC, TOPIC, adm.ResourcePatternType.LITERAL, "User:frank", "*", adm.AclOperation.READ, adm.AclPermissionType.ALLOW)
    any_acl = adm.AclBindingFilter(adm.ResourceType.ANY, None, adm.ResourcePatternType.ANY, None, None, adm.AclOperation.ANY, adm.AclPermissionType.ANY)
    entry = adm.ConfigEntry("retention.ms", "7200000", incremental_operation=adm.AlterConfigOpType.SET)
    scram = adm.UserScramCredentialUpsertion("frank", adm.ScramCredentialInfo(adm.ScramMechanism.SCRAM_SHA_256, 4096), b"golden", b"salt")
    call("list_topics", lambda: admin.list_topics(timeout=10))
    call("create_topics again", lambda: admin.create_topics([adm.NewTopic(TOPIC, 1, 1), adm.NewTopic("not a name", 1, 1)]))
    call("create_partitions", lambda: admin.create_partitions([adm.NewPartitions(TOPIC, 4)]))
    call("describe_topics", lambda: admin.describe_topics(TopicCollection([TOPIC, "golden-absent"]), include_authorized_operations=True))
    call("describe_cluster", lambda: admin.describe_cluster(include_authorized_operations=True))
    call("describe_configs", lambda: admin.describe_configs([resource, adm.ConfigResource(adm.ResourceType.BROKER, "1")]))
    call("incremental_alter_configs", lambda: admin.incremental_alter_configs([adm.ConfigResource(adm.ResourceType.TOPIC, TOPIC, incremental_configs=[entry])]))
    call("alter_configs", lambda: admin.alter_configs([adm.ConfigResource(adm.ResourceType.TOPIC, TOPIC, set_config={"retention.ms": "7200000"})]))
    call("list_consumer_groups", lambda: admin.list_consumer_groups())
    call("describe_consumer_groups", lambda: admin.describe_consumer_groups(["golden-librdkafka-classic", "golden-absent"], include_authorized_operations=True))
    call("list_consumer_group_offsets", lambda: admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("golden-librdkafka-classic")]))
    call("alter_consumer_group_offsets", lambda: admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions("golden-librdkafka-classic", [TopicPartition(TOPIC, 0, 1)])]))
    call("list_offsets", lambda: admin.list_offsets({zero: adm.OffsetSpec.latest()}, isolation_level=IsolationLevel.READ_COMMITTED))
    call("list_offsets by time", lambda: admin.list_offsets({zero: adm.OffsetSpec.max_timestamp()}))
    call("create_acls", lambda: admin.create_acls([acl]))
    call("describe_acls", lambda: {0: admin.describe_acls(any_acl)})
    call("delete_acls", lambda: admin.delete_acls([any_acl]))
    call("alter_user_scram_credentials", lambda: admin.alter_user_scram_credentials([scram]))
    call("describe_user_scram_credentials", lambda: admin.describe_user_scram_credentials(["frank"]))
    call("elect_leaders", lambda: {0: admin.elect_leaders(ElectionType.PREFERRED, [zero])})
    call("delete_records", lambda: admin.delete_records([TopicPartition(TOPIC, 0, 1)]))
    call("delete_consumer_groups", lambda: admin.delete_consumer_groups(["golden-librdkafka-classic", "golden-absent"]))
    call("delete_topics", lambda: admin.delete_topics([TOPIC, "golden-absent"]))


def main():
    admin = adm.AdminClient({"bootstrap.servers": BOOTSTRAP})
    call("create_topics", lambda: admin.create_topics([adm.NewTopic(TOPIC, 3, 1, config={"retention.ms": "86400000"})]))
    produce()
    produce(acks="0")
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        produce(**{"compression.type": codec})
    produce(**{"enable.idempotence": True})
    produce(topic="golden-librdkafka-auto")
    call("transactions", transactions)
    for protocol in ("classic", "consumer"):
        group(protocol)
    admin_calls()


main()

"""What kafka-python's recording runs: producers of each kind, a group, and admin calls.

    kafka_python.py BOOTSTRAP
"""
import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.structs import OffsetAndMetadata

BOOTSTRAP = sys.argv[1]
TOPIC = "golden-kafka-python"
ZERO = TopicPartition(TOPIC, 0)


def call(name, run):
    try:
        print(name, str(run())[:200])
    except Exception as refusal:  # what counts is that the bytes went by
        print("refused", name, repr(refusal)[:200])


def produce(**settings):
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, **settings)
    if "transactional_id" in settings:
        producer.init_transactions()
        producer.begin_transaction()
    for i in range(20):
        producer.send(TOPIC, key=None if i % 3 == 0 else b"key-%d" % i, value=None if i % 3 == 1 else b"value %d" % i * 5, headers=[("number", b"%d" % i)])
    if "transactional_id" in settings:
        producer.send_offsets_to_transaction({ZERO: OffsetAndMetadata(1, "", -1)}, "golden-kafka-python-tx")
        producer.commit_transaction()
    producer.flush(10)
    producer.close()


def consume(**settings):
    consumer = KafkaConsumer(TOPIC, bootstrap_servers=BOOTSTRAP, group_id="golden-kafka-python", auto_offset_reset="earliest", consumer_timeout_ms=4000, **settings)
    print("consumed", sum(1 for _ in consumer))
    call("commit", consumer.commit)
    call("committed", lambda: consumer.committed(ZERO))
    call("offsets_for_times", lambda: consumer.offsets_for_times({ZERO: 1000}))
    call("end_offsets", lambda: consumer.end_offsets([ZERO]))
    consumer.close()


def admin_calls():
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    group = "golden-kafka-python"
    call("list_topics", admin.list_topics)
    call("describe_topics", lambda: admin.describe_topics([TOPIC]))
    call("describe_cluster", admin.describe_cluster)
    call("create_partitions", lambda: admin.create_partitions({TOPIC: 4}))
    call("list_groups", admin.list_groups)
    call("describe_groups", lambda: admin.describe_groups([group]))
    call("list_group_offsets", lambda: admin.list_group_offsets({group: None}))
    call("alter_group_offsets", lambda: admin.alter_group_offsets(group, {ZERO: OffsetAndMetadata(1, "", -1)}))
    call("describe_log_dirs", admin.describe_log_dirs)
    call("describe_metadata_quorum", admin.describe_metadata_quorum)
    call("list_partition_reassignments", admin.list_partition_reassignments)
    call("describe_topic_partitions", lambda: admin.describe_topic_partitions([TOPIC]))
    call("list_transactions", admin.list_transactions)
    call("describe_transactions", lambda: admin.describe_transactions(["golden-kafka-python"]))
    call("describe_user_scram_credentials", admin.describe_user_scram_credentials)
    call("list_config_resources", admin.list_config_resources)
    call("describe_features", admin.describe_features)
    call("delete_records", lambda: admin.delete_records({ZERO: 1}))
    call("delete_groups", lambda: admin.delete_groups([group]))
    call("delete_topics", lambda: admin.delete_topics([TOPIC]))


def main():
    call("create_topics", lambda: KafkaAdminClient(bootstrap_servers=BOOTSTRAP).create_topics([NewTopic(TOPIC, 3, 1)]))
    call("plain", lambda: produce(enable_idempotence=False))
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        call(codec, lambda: produce(compression_type=codec))
    call("acks 0", lambda: produce(acks=0, enable_idempotence=False))
    call("transactional", lambda: produce(transactional_id="golden-kafka-python"))
    call("consume", consume)
    call("consume committed", lambda: consume(isolation_level="read_committed"))
    admin_calls()


main()

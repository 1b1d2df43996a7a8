"""Logs in with a Python client, sends a record and reads it back; prints what it observed as one line of JSON.

usage: sasl_client.py CLIENT BOOTSTRAP PROTOCOL AUTHORITY MECHANISM USER PASSWORD TOPIC
"""

import json
import sys
import time

client, bootstrap, protocol, authority, mechanism, user, password, topic = sys.argv[1:]
DEADLINE_S = 15


def librdkafka():
    from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

    errors = []
    config = {
        "bootstrap.servers": bootstrap,
        "security.protocol": protocol,
        "ssl.ca.location": authority,
        "sasl.mechanisms": mechanism,
        "sasl.username": user,
        "sasl.password": password,
        "log_level": 0,
        "error_cb": lambda error: errors.append(error.code()),
    }
    delivered = []
    producer = Producer(config)
    producer.produce(topic, value=f"{client} {mechanism}", partition=0, on_delivery=lambda error, message: delivered.append(message.offset()))
    end = time.monotonic() + DEADLINE_S
    while not delivered and KafkaError._AUTHENTICATION not in errors and KafkaError._UNSUPPORTED_FEATURE not in errors and time.monotonic() < end:
        producer.poll(0.1)
    if not delivered:
        producer.purge()
        return {"refused": KafkaError._AUTHENTICATION in errors}
    consumer = Consumer({**config, "group.id": "unused"})
    consumer.assign([TopicPartition(topic, 0, delivered[0])])
    message = consumer.poll(DEADLINE_S)
    consumer.close()
    return {"read": message.value().decode()}


def kafka_python():
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.errors import KafkaError

    config = {
        "bootstrap_servers": bootstrap,
        "security_protocol": protocol,
        "ssl_cafile": authority,
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user,
        "sasl_plain_password": password,
        "request_timeout_ms": 5000,
        "bootstrap_timeout_ms": 3000,
    }
    try:
        producer = KafkaProducer(**config, max_block_ms=5000)
        sent = producer.send(topic, f"{client} {mechanism}".encode(), partition=0).get(timeout=DEADLINE_S)
        producer.close()
        consumer = KafkaConsumer(**{**config, "request_timeout_ms": 30000})
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), sent.offset)
        message = next(consumer)
        consumer.close()
        return {"read": message.value.decode()}
    except KafkaError:
        return {"refused": True}


print(json.dumps(librdkafka() if client == "librdkafka" else kafka_python()))

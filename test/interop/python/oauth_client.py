"""Shows a token with a Python client, sends a record and reads it back; prints what it observed as one line of JSON.

usage: oauth_client.py BOOTSTRAP PROTOCOL AUTHORITY TOPIC token TOKEN USER
       oauth_client.py BOOTSTRAP PROTOCOL AUTHORITY TOPIC oidc TOKEN_URL CLIENT_ID
       oauth_client.py BOOTSTRAP PROTOCOL AUTHORITY TOPIC kafka-python TOKEN USER

The first two are librdkafka.
"""

import json
import sys
import time

bootstrap, protocol, authority, topic, way, what, who = sys.argv[1:]
DEADLINE_S = 15


def librdkafka():
    from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

    errors = []
    config = {
        "bootstrap.servers": bootstrap,
        "security.protocol": protocol,
        "ssl.ca.location": authority,
        "sasl.mechanisms": "OAUTHBEARER",
        "log_level": 0,
        "error_cb": lambda error: errors.append(error.code()),
    }
    if way == "oidc":
        config.update(
            {
                "sasl.oauthbearer.method": "oidc",
                "sasl.oauthbearer.token.endpoint.url": what,
                "sasl.oauthbearer.client.id": who,
                "sasl.oauthbearer.client.secret": "any",
            }
        )
    else:
        # When it expires is told to librdkafka apart, which would not show what it knows to be old.
        config["oauth_cb"] = lambda _: (what, time.time() + 300, who, {"traceId": "1"})

    delivered = []
    producer = Producer(config)
    producer.produce(topic, value="by librdkafka", partition=0, on_delivery=lambda error, message: delivered.append(message.offset()))
    end = time.monotonic() + DEADLINE_S
    while not delivered and KafkaError._AUTHENTICATION not in errors and time.monotonic() < end:
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
    from kafka.net.sasl.oauth import AbstractTokenProvider

    class Provider(AbstractTokenProvider):
        def token(self):
            return what

    config = {
        "bootstrap_servers": bootstrap,
        "security_protocol": protocol,
        "ssl_cafile": authority,
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": Provider(),
        "bootstrap_timeout_ms": 3000,
    }
    try:
        producer = KafkaProducer(**config, max_block_ms=5000, request_timeout_ms=5000)
        sent = producer.send(topic, b"by kafka-python", partition=0).get(timeout=DEADLINE_S)
        producer.close()
        consumer = KafkaConsumer(**config)
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), sent.offset)
        message = next(consumer)
        consumer.close()
        return {"read": message.value.decode()}
    except KafkaError:
        return {"refused": True}


print(json.dumps(kafka_python() if way == "kafka-python" else librdkafka()))

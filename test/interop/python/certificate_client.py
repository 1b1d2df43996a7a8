"""Sends a record with librdkafka under a certificate of its own; prints as one line of JSON that it was taken, or the error's name.

usage: certificate_client.py BOOTSTRAP TOPIC AUTHORITY CERTIFICATE KEY
"""

import json
import sys

from confluent_kafka import Producer

bootstrap, topic, authority, certificate, key = sys.argv[1:]
producer = Producer(
    {
        "bootstrap.servers": bootstrap,
        "security.protocol": "ssl",
        "ssl.ca.location": authority,
        "ssl.certificate.location": certificate,
        "ssl.key.location": key,
        "message.timeout.ms": 15000,
        "log_level": 0,
    }
)
outcomes = []
producer.produce(topic, value="from librdkafka", on_delivery=lambda error, message: outcomes.append(error.name() if error else "taken"))
producer.flush(20)
print(json.dumps(outcomes))

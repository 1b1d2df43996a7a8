"""Writes lines over TLS with librdkafka and reads them back: bootstrap, topic, folder of certificates, client's certificate or "-".

Prints what was read, as one line of JSON, or "refused" when no broker lets it in.
"""

import json
import sys

from confluent_kafka import Consumer, KafkaException, Producer

bootstrap, topic, folder, client = sys.argv[1:5]
common = {
    "bootstrap.servers": bootstrap,
    "broker.address.family": "v4",
    "security.protocol": "ssl",
    "ssl.ca.location": f"{folder}/ca.pem",
}
if client != "-":
    common |= {
        "ssl.certificate.location": f"{folder}/{client}.pem",
        "ssl.key.location": f"{folder}/{client}.key",
    }

try:
    producer = Producer(common)
    producer.list_topics(timeout=8)
except KafkaException:
    print(json.dumps("refused"))
    sys.exit(0)

for number in range(100):
    producer.produce(topic, value=f"line {number} {'x' * 1000}")
producer.flush(30)
consumer = Consumer({**common, "group.id": f"tls-{topic}", "auto.offset.reset": "earliest"})
consumer.subscribe([topic])
values = []
while len(values) < 100:
    message = consumer.poll(30)
    if message is None or message.error():
        break
    values.append(message.value().decode()[:8].strip())
consumer.close()
print(json.dumps(values))

"""Shows a token with librdkafka, sends a record and reads it back; prints what it observed as one line of JSON.

usage: oauth_client.py BOOTSTRAP PROTOCOL AUTHORITY TOPIC token TOKEN USER
       oauth_client.py BOOTSTRAP PROTOCOL AUTHORITY TOPIC oidc TOKEN_URL CLIENT_ID
"""

import json
import sys
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

bootstrap, protocol, authority, topic, way, what, who = sys.argv[1:]
DEADLINE_S = 15

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
    print(json.dumps({"refused": KafkaError._AUTHENTICATION in errors}))
    sys.exit()
consumer = Consumer({**config, "group.id": "unused"})
consumer.assign([TopicPartition(topic, 0, delivered[0])])
message = consumer.poll(DEADLINE_S)
consumer.close()
print(json.dumps({"read": message.value().decode()}))

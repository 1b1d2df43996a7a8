"""confluent-kafka's serializers and its client of a schema registry: registry_client.py COURSE. See ../registry/course.ts."""
import json
import sys

from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import ConfigCompatibilityLevel, Schema, SchemaReference, SchemaRegistryClient, ServerConfig
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

course = json.loads(sys.argv[1])
prefix, value = course["prefix"], course["value"]
client = SchemaRegistryClient({"url": course["registry"]})


def order_message():
    """The class that protoc would make."""
    pool = descriptor_pool.DescriptorPool()
    field = descriptor_pb2.FieldDescriptorProto
    part = descriptor_pb2.FileDescriptorProto(name="part.proto", package="n", syntax="proto3")
    part.message_type.add(name="Part").field.add(name="count", number=1, type=field.TYPE_INT32, label=field.LABEL_OPTIONAL)
    order = descriptor_pb2.FileDescriptorProto(name="order.proto", package="n", syntax="proto3", dependency=["part.proto"])
    message = order.message_type.add(name="Order")
    message.field.add(name="name", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    message.field.add(name="part", number=2, type=field.TYPE_MESSAGE, type_name=".n.Part", label=field.LABEL_OPTIONAL)
    pool.Add(part)
    pool.Add(order)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("n.Order"))


def schema_of(form):
    """The order, whose part is registered before."""
    order = course["orders"][form]
    subject = f"{prefix}-part-{form}"
    client.register_schema(subject, Schema(order["part"], form))
    return Schema(order["order"], form, [SchemaReference(order["reference"], subject, 1)])


def avro():
    schema = schema_of("AVRO")
    return AvroSerializer(client, schema), AvroDeserializer(client), value, lambda got: got


def json_schema():
    schema = schema_of("JSON")
    return JSONSerializer(schema, client), JSONDeserializer(schema, schema_registry_client=client), value, lambda got: got


def protobuf():
    order = order_message()
    options = {"use.deprecated.format": False, "reference.subject.name.strategy": lambda _, reference: f"{prefix}-{reference.name}"}
    message = json_format.ParseDict(value, order())
    serializer = ProtobufSerializer(order, client, options)
    return serializer, ProtobufDeserializer(order, {"use.deprecated.format": False}, client), message, json_format.MessageToDict


def records():
    forms = {"AVRO": avro(), "JSON": json_schema(), "PROTOBUF": protobuf()}
    common = {"bootstrap.servers": course["bootstrap"], "broker.address.family": "v4"}
    producer = Producer(common)
    for form, (serialize, _, given, _) in forms.items():
        topic = f"{prefix}-{form}"
        producer.produce(topic, serialize(given, SerializationContext(topic, MessageField.VALUE)))
    producer.flush(20)
    consumer = Consumer({**common, "group.id": prefix, "auto.offset.reset": "earliest"})
    consumer.subscribe([f"{prefix}-{form}" for form in forms])
    found = {}
    while len(found) < len(forms):
        message = consumer.poll(20)
        if message is None or message.error():
            raise RuntimeError(f"read {found}, then {message and message.error()}")
        form = message.topic().removeprefix(f"{prefix}-")
        _, deserialize, _, plain = forms[form]
        found[form] = plain(deserialize(message.value(), SerializationContext(message.topic(), MessageField.VALUE)))
    consumer.close()
    return found


def registering(subject, schema):
    try:
        client.register_schema(subject, schema)
        return "taken"
    except SchemaRegistryError as error:
        if error.http_status_code != 409:
            raise
        return "refused"


def changes():
    outcomes = {}
    for change in course["changes"]:
        form, level = change["format"], change["level"]
        subject = f"{prefix}-{form}-{level}"
        client.set_config(subject, ServerConfig(compatibility=ConfigCompatibilityLevel[level]))
        client.register_schema(subject, Schema(change["first"], form))
        if client.get_config(subject).compatibility_level != ConfigCompatibilityLevel[level]:
            raise RuntimeError(f"{subject} is not {level}")
        outcome = []
        if change["refused"] is not None:
            refused = Schema(change["refused"], form)
            outcome.append(registering(subject, refused))
            if client.test_compatibility(subject, refused):
                outcome.append("compatible")
        outcomes[f"{form} {level}"] = [registering(subject, Schema(change["taken"], form)), *outcome]
    return outcomes


def deletions():
    subject = f"{prefix}-deleted"
    client.set_config(subject, ServerConfig(compatibility=ConfigCompatibilityLevel.NONE))
    for schema in ('"int"', '"string"'):
        client.register_schema(subject, Schema(schema, "AVRO"))
    outcome = [client.delete_version(subject, 1), client.get_versions(subject), client.delete_subject(subject)]
    outcome.append(client.delete_subject(subject, permanent=True))
    try:
        client.get_versions(subject)
    except SchemaRegistryError as error:
        outcome.append(error.error_code)
    return outcome


print(json.dumps({"records": records(), "changes": changes(), "deletions": deletions()}))

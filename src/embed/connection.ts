// What clients are given to connect, in the words of each.

export interface ClientConnections {
  /** `new Kafka(broker.connection.kafkajs())`, of kafkajs. */
  kafkajs(): { clientId: string; brokers: string[] };
  /** `new KafkaJS.Kafka(broker.connection.confluent())`, of @confluentinc/kafka-javascript; also librdkafka's own words. */
  confluent(): { "bootstrap.servers": string; "client.id": string };
  /** `new Producer({ ...broker.connection.platformatic(), serializers })`, of @platformatic/kafka. */
  platformatic(): { clientId: string; bootstrapBrokers: string[] };
}

export function connectionsTo(brokers: () => string[], clientId = "test"): ClientConnections {
  return {
    kafkajs: () => ({ clientId, brokers: brokers() }),
    confluent: () => ({ "bootstrap.servers": brokers().join(","), "client.id": clientId }),
    platformatic: () => ({ clientId, bootstrapBrokers: brokers() }),
  };
}

// What consumers, producers, share consumers and Kafka Streams send beyond the console clients' share: transactions with offsets, static
// members, commits, seeks by time, acknowledgements, and a Streams application with the streams group protocol.
// Run as a source file: java ClientTour.java BOOTSTRAP

import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;

public class ClientTour {
  interface Part { void run() throws Exception; }

  static String bootstrap;

  static void part(String name, Part part) {
    try {
      part.run();
      System.out.println(name + ": done");
    } catch (Throwable refusal) {
      System.out.println("refused " + name + ": " + refusal);
    }
  }

  static Properties settings(String... pairs) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    for (int i = 0; i < pairs.length; i += 2) settings.put(pairs[i], pairs[i + 1]);
    return settings;
  }

  static KafkaConsumer<String, String> consumer(String... pairs) {
    return new KafkaConsumer<>(settings(pairs), new StringDeserializer(), new StringDeserializer());
  }

  static KafkaProducer<String, String> producer(String... pairs) {
    return new KafkaProducer<>(settings(pairs), new StringSerializer(), new StringSerializer());
  }

  static void transactions(String protocol) throws Exception {
    try (KafkaProducer<String, String> producer = producer("transactional.id", "golden-tour", "compression.type", "lz4");
        KafkaConsumer<String, String> consumer = consumer("group.id", "golden-tour-" + protocol, "group.protocol", protocol, "auto.offset.reset", "earliest",
            "enable.auto.commit", "false", "isolation.level", "read_committed")) {
      consumer.subscribe(List.of("golden"));
      ConsumerRecords<String, String> records = ConsumerRecords.empty();
      for (int i = 0; i < 50 && records.isEmpty(); i++) records = consumer.poll(Duration.ofMillis(200));
      producer.initTransactions();
      for (boolean commits : new boolean[] {true, false}) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("golden-tx", 0, 1700000000000L, "key", "value", List.of(new RecordHeader("name", new byte[] {1}), new RecordHeader("none", null))));
        producer.send(new ProducerRecord<>("golden-tx", null, null)).get();
        producer.sendOffsetsToTransaction(Map.of(new TopicPartition("golden", 0), new OffsetAndMetadata(2, "in a transaction")), consumer.groupMetadata());
        if (commits) producer.commitTransaction();
        else producer.abortTransaction();
      }
      consumer.commitSync();
    }
    try (KafkaConsumer<String, String> reader = consumer("group.id", "golden-reader", "auto.offset.reset", "earliest", "isolation.level", "read_committed")) {
      reader.assign(List.of(new TopicPartition("golden-tx", 0)));
      for (int i = 0; i < 5; i++) reader.poll(Duration.ofMillis(200));
    }
  }

  static void staticMember(String protocol) throws Exception {
    for (int life = 0; life < 2; life++) {
      try (KafkaConsumer<String, String> consumer = consumer("group.id", "golden-static-" + protocol, "group.protocol", protocol, "group.instance.id", "member-1",
          "auto.offset.reset", "none", "client.rack", "a")) {
        consumer.subscribe(List.of("golden"));
        try {
          for (int i = 0; i < 10; i++) consumer.poll(Duration.ofMillis(200));
        } catch (NoOffsetForPartitionException expected) {
          consumer.seekToBeginning(consumer.assignment());
          consumer.poll(Duration.ofMillis(500));
        }
        consumer.commitSync();
        TopicPartition zero = new TopicPartition("golden", 0);
        consumer.committed(Set.of(zero));
        consumer.offsetsForTimes(Map.of(zero, 1L));
        consumer.beginningOffsets(List.of(zero));
        consumer.listTopics();
        Thread.sleep(3500);
        consumer.poll(Duration.ofMillis(200));
        consumer.unsubscribe();
      }
    }
  }

  static void outOfRange() {
    try (KafkaConsumer<String, String> consumer = consumer("auto.offset.reset", "latest")) {
      TopicPartition zero = new TopicPartition("golden", 0);
      consumer.assign(List.of(zero));
      consumer.seek(zero, 1L << 40);
      for (int i = 0; i < 5; i++) consumer.poll(Duration.ofMillis(200));
    }
  }

  static void share() {
    try (KafkaShareConsumer<String, String> consumer = new KafkaShareConsumer<>(settings("group.id", "golden-share", "share.acknowledgement.mode", "explicit"), new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of("golden"));
      int seen = 0;
      for (int i = 0; i < 40 && seen < 30; i++) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(250))) {
          AcknowledgeType type = List.of(AcknowledgeType.ACCEPT, AcknowledgeType.RELEASE, AcknowledgeType.REJECT).get(seen++ % 3);
          consumer.acknowledge(record, type);
        }
        consumer.commitSync();
      }
    }
  }

  static void streams(String protocol) throws Exception {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("golden", Consumed.with(Serdes.String(), Serdes.String())).groupBy((key, value) -> "all", Grouped.with(Serdes.String(), Serdes.String())).count();
    Properties settings = settings("application.id", "golden-streams-" + protocol, "group.protocol", protocol, "state.dir", System.getProperty("java.io.tmpdir") + "/golden-streams",
        "processing.guarantee", "exactly_once_v2", "commit.interval.ms", "500", "auto.offset.reset", "earliest");
    try (KafkaStreams streams = new KafkaStreams(builder.build(), settings)) {
      streams.start();
      Thread.sleep(9000);
      streams.close(Duration.ofSeconds(10));
      streams.cleanUp();
    }
  }

  public static void main(String[] args) {
    bootstrap = args[0];
    for (String protocol : List.of("classic", "consumer")) {
      part("transactions " + protocol, () -> transactions(protocol));
      part("static member " + protocol, () -> staticMember(protocol));
    }
    part("out of range", ClientTour::outOfRange);
    part("share", ClientTour::share);
    part("streams classic", () -> streams("classic"));
    part("streams", () -> streams("streams"));
    System.exit(0);
  }
}

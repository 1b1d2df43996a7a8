// Transactions with Kafka's own Java client. Runs one scenario and prints what it observed, one line of JSON a step:
//   java -cp <Kafka's jars> TransactionTour.java <bootstrap> <scenario> <name of topics and ids>

import java.time.Duration;
import java.util.*;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

public class TransactionTour {
  static String bootstrap;
  static String name;

  public static void main(String[] args) throws Exception {
    bootstrap = args[0];
    name = args[2];
    switch (args[1]) {
      case "commit-and-abort" -> commitAndAbort();
      case "fenced" -> fenced();
      case "too-long" -> tooLong();
      case "crash" -> crash();
      case "after-crash" -> afterCrash();
      case "transform" -> transform();
      case "zombie" -> zombie();
      default -> throw new IllegalArgumentException(args[1]);
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  static void commitAndAbort() throws Exception {
    createTopic(name, 2);
    try (var producer = producer(name, 60_000)) {
      producer.initTransactions();
      producer.beginTransaction();
      for (int i = 0; i < 6; i++) producer.send(new ProducerRecord<>(name, i % 2, "k", "committed " + i));
      producer.commitTransaction();
      tell("after commit", read("read_committed"));
      producer.beginTransaction();
      for (int i = 0; i < 4; i++) producer.send(new ProducerRecord<>(name, i % 2, "k", "aborted " + i));
      producer.flush();
      tell("open, committed", readNow("read_committed"));
      tell("open, uncommitted", readNow("read_uncommitted"));
      producer.abortTransaction();
      tell("after abort, committed", read("read_committed"));
      tell("after abort, uncommitted", read("read_uncommitted"));
      producer.beginTransaction();
      producer.commitTransaction();
      producer.beginTransaction();
      producer.abortTransaction();
      for (int round = 0; round < 20; round++) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(name, 0, "k", "round " + round)).get();
        if (round % 3 == 0) producer.abortTransaction();
        else producer.commitTransaction();
      }
    }
    tell("rounds", read("read_committed"));
  }

  static void fenced() throws Exception {
    createTopic(name, 1);
    var first = producer(name, 60_000);
    first.initTransactions();
    first.beginTransaction();
    first.send(new ProducerRecord<>(name, 0, "k", "first")).get();
    var second = producer(name, 60_000);
    second.initTransactions();
    second.beginTransaction();
    second.send(new ProducerRecord<>(name, 0, "k", "second")).get();
    tell("first sends", attempt(() -> first.send(new ProducerRecord<>(name, 0, "k", "late")).get()));
    tell("first commits", attempt(first::commitTransaction));
    second.commitTransaction();
    tell("read", read("read_committed"));
    second.close();
    first.close(Duration.ZERO);
  }

  static void tooLong() throws Exception {
    createTopic(name, 1);
    var producer = producer(name, 2_000);
    producer.initTransactions();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(name, 0, "k", "too long")).get();
    for (int i = 0; i < 150 && lastStable() < 2; i++) Thread.sleep(200);
    tell("last stable", lastStable());
    tell("commits", attempt(producer::commitTransaction));
    tell("read", read("read_committed"));
    producer.close(Duration.ZERO);
  }

  /** Ends in the middle of a transaction, without a word. */
  static void crash() throws Exception {
    createTopic(name, 1);
    var producer = producer(name, 600_000);
    producer.initTransactions();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(name, 0, "k", "before the crash")).get();
    tell("read", readNow("read_committed"));
  }

  static void afterCrash() throws Exception {
    var producer = producer(name, 60_000);
    producer.initTransactions();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(name, 0, "k", "after the crash"));
    producer.commitTransaction();
    tell("read", read("read_committed"));
    tell("last stable", lastStable());
    producer.close();
  }

  static void transform() throws Exception {
    String output = name;
    String input = name + "-input";
    createTopic(input, 1);
    createTopic(output, 1);
    try (var plain = new KafkaProducer<>(common(), new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < 50; i++) plain.send(new ProducerRecord<>(input, 0, "k", "" + i)).get();
    }
    int aborts = 0;
    try (var consumer = consumer("read_committed", name + "-group"); var producer = producer(name, 60_000)) {
      consumer.subscribe(List.of(input));
      producer.initTransactions();
      int done = 0;
      int round = 0;
      while (done < 50) {
        var records = consumer.poll(Duration.ofMillis(500));
        if (records.isEmpty()) continue;
        producer.beginTransaction();
        for (var record : records) producer.send(new ProducerRecord<>(output, 0, "k", "<" + record.value() + ">"));
        var next = new OffsetAndMetadata(records.records(new TopicPartition(input, 0)).get(records.count() - 1).offset() + 1);
        producer.sendOffsetsToTransaction(Map.of(new TopicPartition(input, 0), next), consumer.groupMetadata());
        if (round++ % 2 == 0) {
          producer.abortTransaction();
          aborts++;
          var committed = consumer.committed(Set.of(new TopicPartition(input, 0))).get(new TopicPartition(input, 0));
          consumer.seek(new TopicPartition(input, 0), committed == null ? 0 : committed.offset());
        } else {
          producer.commitTransaction();
          done += records.count();
        }
      }
      tell("committed", consumer.committed(Set.of(new TopicPartition(input, 0))).get(new TopicPartition(input, 0)).offset());
    }
    tell("aborted some", aborts > 0);
    // How many records a poll gives, and with it where they are, is a matter of time.
    tell("read", read("read_committed").replaceAll("\\d+:<", "<").replaceAll(" to .*", ""));
  }

  /** A member that was paused, and whose partitions another one has by now, must not commit its offsets. */
  static void zombie() throws Exception {
    String input = name + "-input";
    createTopic(input, 1);
    createTopic(name, 1);
    try (var plain = new KafkaProducer<>(common(), new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < 5; i++) plain.send(new ProducerRecord<>(input, 0, "k", "" + i)).get();
    }
    var config = new Properties();
    config.putAll(common());
    config.put("group.id", name + "-group");
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", "false");
    config.put("max.poll.interval.ms", "3000");
    config.put("session.timeout.ms", "6000");
    var paused = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    paused.subscribe(List.of(input));
    int seen = 0;
    while (seen == 0) seen = paused.poll(Duration.ofMillis(300)).count();
    var producer = producer(name, 60_000);
    producer.initTransactions();
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(name, 0, "k", "of the zombie")).get();
    var metadata = paused.groupMetadata();
    Thread.sleep(5_000);
    var other = consumer("read_committed", name + "-group");
    other.subscribe(List.of(input));
    int taken = 0;
    for (int i = 0; i < 60 && taken == 0; i++) taken = other.poll(Duration.ofMillis(500)).count();
    tell("the other took over", taken);
    tell("zombie sends offsets", attempt(() -> producer.sendOffsetsToTransaction(Map.of(new TopicPartition(input, 0), new OffsetAndMetadata(5)), metadata)));
    tell("zombie aborts", attempt(producer::abortTransaction));
    tell("read", read("read_committed"));
    producer.close(Duration.ZERO);
    other.close();
  }

  // ---- helpers

  interface Step {
    void run() throws Exception;
  }

  static String attempt(Step step) {
    try {
      step.run();
      return "done";
    } catch (java.util.concurrent.ExecutionException error) {
      return error.getCause().getClass().getSimpleName();
    } catch (Exception error) {
      return error.getClass().getSimpleName() + (error.getCause() == null ? "" : " of " + error.getCause().getClass().getSimpleName());
    }
  }

  static void tell(String what, Object value) {
    String text = value instanceof Number || value instanceof Boolean ? value.toString() : "\"" + value + "\"";
    System.out.println("{\"" + what + "\": " + text + "}");
  }

  static Map<String, Object> common() {
    return new HashMap<>(Map.of("bootstrap.servers", bootstrap));
  }

  static KafkaProducer<String, String> producer(String id, int timeoutMs) {
    var config = common();
    config.put("transactional.id", id);
    config.put("transaction.timeout.ms", timeoutMs);
    config.put("linger.ms", 0);
    return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
  }

  static KafkaConsumer<String, String> consumer(String isolation, String group) {
    var config = common();
    config.put("isolation.level", isolation);
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", "false");
    if (group != null) config.put("group.id", group);
    return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
  }

  static void createTopic(String topic, int partitions) throws Exception {
    try (var admin = Admin.create(common())) {
      admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get(30, TimeUnit.SECONDS);
      for (int i = 0; i < 100; i++) {
        try {
          for (int p = 0; p < partitions; p++)
            admin.listOffsets(Map.of(new TopicPartition(topic, p), OffsetSpec.latest())).all().get(5, TimeUnit.SECONDS);
          return;
        } catch (Exception notYet) {
          Thread.sleep(100);
        }
      }
    }
  }

  static long lastStable() throws Exception {
    return end(0, IsolationLevel.READ_COMMITTED);
  }

  static long end(int index, IsolationLevel isolation) throws Exception {
    try (var admin = Admin.create(common())) {
      var partition = new TopicPartition(name, index);
      return admin.listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(isolation)).partitionResult(partition).get().offset();
    }
  }

  /** When no transaction is open: a producer is answered before the markers are written. */
  static String read(String isolation) throws Exception {
    int partitions;
    try (var consumer = consumer(isolation, null)) {
      partitions = consumer.partitionsFor(name).size();
    }
    for (int index = 0; index < partitions; index++)
      for (int i = 0; i < 100 && end(index, IsolationLevel.READ_COMMITTED) < end(index, IsolationLevel.READ_UNCOMMITTED); i++) Thread.sleep(100);
    return readNow(isolation);
  }

  /** All values of the topic, by partition, once a reader has nothing more before its end. */
  static String readNow(String isolation) throws Exception {
    try (var consumer = consumer(isolation, null)) {
      var partitions = consumer.partitionsFor(name).stream().map(info -> new TopicPartition(name, info.partition())).sorted(Comparator.comparing(TopicPartition::partition)).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var ends = consumer.endOffsets(partitions);
      var values = new TreeMap<Integer, List<String>>();
      for (int i = 0; i < 100 && partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p)); i++)
        for (var record : consumer.poll(Duration.ofMillis(200))) values.computeIfAbsent(record.partition(), p -> new ArrayList<>()).add(record.offset() + ":" + record.value());
      return values + " to " + partitions.stream().map(consumer::position).toList();
    }
  }
}

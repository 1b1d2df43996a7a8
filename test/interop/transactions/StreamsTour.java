// A word count with Kafka Streams, exactly_once_v2. Sends lines for as long as it is told to, counts their words, and at last compares what
// committed readers see with what the lines demand: for each word every count from 1 on, once, in order.
//   java -cp <Kafka's jars> StreamsTour.java <bootstrap> <seconds>

import java.time.Duration;
import java.util.*;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;

public class StreamsTour {
  static final String[] WORDS = {"odradek", "spool", "thread", "star", "stairs", "corridor", "laughter", "leaves"};

  public static void main(String[] args) throws Exception {
    String bootstrap = args[0];
    long untilMs = System.currentTimeMillis() + Long.parseLong(args[1]) * 1000;
    Map<String, Object> common = Map.of("bootstrap.servers", bootstrap);
    try (var admin = Admin.create(common)) {
      admin.createTopics(List.of(new NewTopic("lines", 2, (short) 1), new NewTopic("counts", 2, (short) 1))).all().get(30, TimeUnit.SECONDS);
    }
    var streams = new KafkaStreams(topology(), config(bootstrap));
    streams.setUncaughtExceptionHandler(error -> {
      System.err.println("uncaught: " + error);
      return StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.REPLACE_THREAD;
    });
    streams.start();
    var expected = new TreeMap<String, Integer>();
    int lines = send(common, untilMs, expected);
    int total = expected.values().stream().mapToInt(Integer::intValue).sum();
    var seen = read(common, total);
    streams.close(Duration.ofSeconds(30));
    var wrong = new ArrayList<String>();
    for (var word : expected.keySet()) {
      var counts = seen.getOrDefault(word, List.of());
      for (int i = 0; i < Math.max(counts.size(), expected.get(word)); i++) {
        if (i < counts.size() && counts.get(i) == i + 1) continue;
        wrong.add(word + " " + (i + 1) + ": " + (i < counts.size() ? counts.get(i) : "missing") + " of " + counts.size() + ", expected " + expected.get(word));
        break;
      }
    }
    System.out.println("{\"wrong\": " + wrong.stream().map(each -> "\"" + each + "\"").toList() + ", \"lines\": " + lines + "}");
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  static Topology topology() {
    var builder = new StreamsBuilder();
    builder.<String, String>stream("lines")
        .flatMapValues(line -> Arrays.asList(line.split(" ")))
        .groupBy((key, word) -> word)
        .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("store")))
        .toStream()
        .to("counts", Produced.with(Serdes.String(), Serdes.Long()));
    return builder.build();
  }

  static Properties config(String bootstrap) {
    var config = new Properties();
    config.put("application.id", "word-count");
    config.put("bootstrap.servers", bootstrap);
    config.put("processing.guarantee", "exactly_once_v2");
    config.put("default.key.serde", Serdes.String().getClass());
    config.put("default.value.serde", Serdes.String().getClass());
    config.put("commit.interval.ms", 200);
    config.put("statestore.cache.max.bytes", 0);
    config.put("num.stream.threads", 2);
    config.put("replication.factor", 1);
    config.put("state.dir", System.getProperty("java.io.tmpdir") + "/word-count-" + ProcessHandle.current().pid());
    config.put("auto.offset.reset", "earliest");
    config.put("producer.delivery.timeout.ms", 300_000);
    config.put("producer.max.block.ms", 300_000);
    config.put("task.timeout.ms", 300_000);
    return config;
  }

  static int send(Map<String, Object> common, long untilMs, Map<String, Integer> expected) throws Exception {
    var config = new HashMap<>(common);
    config.put("acks", "all");
    config.put("delivery.timeout.ms", 300_000);
    config.put("max.block.ms", 300_000);
    var random = new Random(7);
    int lines = 0;
    try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
      while (System.currentTimeMillis() < untilMs) {
        var words = random.ints(5, 0, WORDS.length).mapToObj(i -> WORDS[i]).toList();
        producer.send(new ProducerRecord<>("lines", lines++ % 2, null, String.join(" ", words)));
        for (var word : words) expected.merge(word, 1, Integer::sum);
        Thread.sleep(5);
      }
      producer.flush();
    }
    return lines;
  }

  static Map<String, List<Long>> read(Map<String, Object> common, int total) {
    var config = new HashMap<>(common);
    config.put("isolation.level", "read_committed");
    config.put("auto.offset.reset", "earliest");
    var seen = new HashMap<String, List<Long>>();
    int count = 0;
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new LongDeserializer())) {
      consumer.assign(List.of(new TopicPartition("counts", 0), new TopicPartition("counts", 1)));
      long deadlineMs = System.currentTimeMillis() + 90_000;
      long enoughMs = Long.MAX_VALUE;
      while (System.currentTimeMillis() < Math.min(deadlineMs, enoughMs)) {
        for (var record : consumer.poll(Duration.ofMillis(200))) {
          seen.computeIfAbsent(record.key(), key -> new ArrayList<>()).add(record.value());
          count++;
        }
        // A little longer: more than is right would be wrong, too.
        if (count >= total && enoughMs == Long.MAX_VALUE) enoughMs = System.currentTimeMillis() + 3_000;
      }
    }
    return seen;
  }
}

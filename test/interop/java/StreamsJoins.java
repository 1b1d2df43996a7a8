// A Kafka Streams application: java -cp <Kafka's jars> StreamsJoins BOOTSTRAP STATE_FOLDER. It joins a stream with a table and with another
// stream, counts by windows, and is asked for its stores, also after it has lost them and restored them from their changelogs. Exactly once.
// Prints what it observed as one line of JSON.

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.StateQueryRequest;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyWindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

public final class StreamsJoins {
    private static final String ID = "streams-joins";
    private static final List<String> TOPICS = List.of("users", "clicks", "purchases", "regional", "conversions", "counts");
    private static final long START_MS = 1_700_000_000_000L / 10_000 * 10_000;
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String bootstrap;
    private final String stateFolder;

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> observed = new StreamsJoins(arguments[0], arguments[1]).run();
        System.out.println(new ObjectMapper().writeValueAsString(observed));
        System.exit(0);
    }

    private StreamsJoins(String bootstrap, String stateFolder) {
        this.bootstrap = bootstrap;
        this.stateFolder = stateFolder;
    }

    private Map<String, Object> run() throws Exception {
        Map<String, Object> observed = new TreeMap<>();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            Map<String, String> kept = Map.of("retention.ms", "-1");
            admin.createTopics(TOPICS.stream().map((name) -> new NewTopic(topic(name), 1, (short) 1).configs(kept)).collect(Collectors.toList())).all().get();
            send();
            try (KafkaStreams streams = started()) {
                for (Map.Entry<String, Integer> output : Map.of("regional", 5, "conversions", 2, "counts", 3).entrySet()) {
                    observed.put(output.getKey(), read(output.getKey(), output.getValue()));
                }
                observed.put("stores", stores(streams));
                streams.close(PATIENCE);
                streams.cleanUp();
            }
            observed.put("internal topics", internalTopics(admin));
            try (KafkaStreams streams = started()) {
                observed.put("stores restored", stores(streams));
                streams.close(PATIENCE);
            }
        }
        return observed;
    }

    private static String topic(String name) {
        return ID + "-in-" + name;
    }

    private Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        KTable<String, String> users = builder.table(topic("users"), Materialized.as("users"));
        KStream<String, String> clicks = builder.stream(topic("clicks"));
        KStream<String, String> purchases = builder.stream(topic("purchases"));
        KStream<String, String> regional = clicks.leftJoin(users, (page, region) -> region + " " + page);
        regional.to(topic("regional"));
        clicks.join(purchases, (page, thing) -> page + " led to " + thing, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(5))).to(topic("conversions"));
        regional.groupBy((user, text) -> text.split(" ")[0], Grouped.with(Serdes.String(), Serdes.String()))
            .windowedBy(TimeWindows.ofSizeWithNoGrace(WINDOW))
            .count(Materialized.as("counts"))
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()))
            .toStream((window, count) -> window.key() + "@" + (window.window().start() - START_MS))
            .mapValues((count) -> String.valueOf(count))
            .to(topic("counts"));
        return builder.build();
    }

    private KafkaStreams started() throws InterruptedException {
        Properties config = new Properties();
        config.putAll(Map.of("application.id", ID, "bootstrap.servers", bootstrap, "state.dir", stateFolder, "processing.guarantee", "exactly_once_v2"));
        config.putAll(Map.of("commit.interval.ms", 200, "replication.factor", 1, "num.stream.threads", 1, "max.task.idle.ms", 1000));
        config.putAll(Map.of("default.key.serde", Serdes.StringSerde.class, "default.value.serde", Serdes.StringSerde.class));
        KafkaStreams streams = new KafkaStreams(topology(), config);
        CountDownLatch isRunning = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) isRunning.countDown();
        });
        streams.start();
        if (!isRunning.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) throw new IllegalStateException("not running: " + streams.state());
        return streams;
    }

    private void send() throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            send(producer, "users", 0, "anna", "north", "bert", "south");
            send(producer, "clicks", 1000, "anna", "home", "bert", "home");
            send(producer, "clicks", 3000, "anna", "shoes", "cleo", "hats");
            send(producer, "purchases", 4000, "anna", "boots");
            send(producer, "clicks", 35_000, "bert", "late");
        }
    }

    private static void send(KafkaProducer<String, String> producer, String name, long afterMs, String... pairs) throws Exception {
        for (int i = 0; i < pairs.length; i += 2) producer.send(new ProducerRecord<>(topic(name), 0, START_MS + afterMs, pairs[i], pairs[i + 1])).get();
    }

    private List<String> read(String name, int count) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed", "enable.auto.commit", false);
        List<String> seen = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = List.of(new TopicPartition(topic(name), 0));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Instant deadline = Instant.now().plus(PATIENCE);
            while (seen.size() < count && Instant.now().isBefore(deadline)) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    seen.add(record.key() + ": " + record.value() + " at " + (record.timestamp() - START_MS));
                }
            }
        }
        seen.sort(null);
        return seen;
    }

    private static Map<String, Object> stores(KafkaStreams streams) {
        Map<String, Object> seen = new TreeMap<>();
        ReadOnlyKeyValueStore<String, String> users = streams.store(StoreQueryParameters.fromNameAndType("users", QueryableStoreTypes.keyValueStore()));
        List<String> all = new ArrayList<>();
        try (KeyValueIterator<String, String> entries = users.all()) {
            entries.forEachRemaining((entry) -> all.add(entry.key + ": " + entry.value));
        }
        seen.put("users", all);
        ReadOnlyWindowStore<String, Long> counts = streams.store(StoreQueryParameters.fromNameAndType("counts", QueryableStoreTypes.windowStore()));
        for (String region : List.of("north", "south", "null")) {
            Map<Long, Long> windows = new TreeMap<>();
            try (WindowStoreIterator<Long> found = counts.fetch(region, Instant.ofEpochMilli(START_MS), Instant.ofEpochMilli(START_MS + 60_000))) {
                while (found.hasNext()) {
                    KeyValue<Long, Long> window = found.next();
                    windows.put(window.key - START_MS, window.value);
                }
            }
            seen.put("counts of " + region, windows);
        }
        Object value = streams.query(StateQueryRequest.inStore("users").withQuery(KeyQuery.<String, Object>withKey("anna"))).getOnlyPartitionResult().getResult();
        seen.put("anna", String.valueOf(value).replaceAll(".*value=([^,>]*).*", "$1").replaceAll("<([^,]*),.*", "$1"));
        return seen;
    }

    private static Map<String, Object> internalTopics(Admin admin) throws Exception {
        List<String> names = admin.listTopics().names().get().stream().filter((name) -> name.startsWith(ID) && !name.startsWith(ID + "-in-")).sorted().collect(Collectors.toList());
        Map<String, Object> seen = new TreeMap<>();
        Map<String, TopicDescription> described = admin.describeTopics(names).allTopicNames().get();
        for (String name : names) {
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
            String policy = admin.describeConfigs(List.of(resource)).all().get().get(resource).get("cleanup.policy").value();
            seen.put(name, described.get(name).partitions().size() + " " + policy);
        }
        return seen;
    }
}

// Instances of a Kafka Streams application that counts words, as members of a streams group; calls and answers are in ../streams-app.ts:
//   java -cp <Kafka's jars> StreamsApp <bootstrap>
//
// Lines come in and are taken apart into words, a topic of the application's own brings like words together, and each word goes out with the
// count that it has now, exactly once.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;

public final class StreamsApp {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String bootstrap;
    private final Map<String, KafkaStreams> instances = new HashMap<>();
    /** Why threads of an instance have ended. */
    private final Map<String, List<String>> failures = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        StreamsApp app = new StreamsApp(arguments[0]);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) app.answer(JSON.readTree(line));
        Runtime.getRuntime().halt(0);
    }

    private StreamsApp(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    private void answer(JsonNode request) throws Exception {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("id", request.get("id").asInt());
        try {
            line.put("result", call(request.get("call").asText(), request.get("args")));
        } catch (Exception exception) {
            line.put("refused", Map.of("name", exception.getClass().getSimpleName(), "message", String.valueOf(exception.getMessage())));
        }
        System.out.println(JSON.writeValueAsString(line));
        System.out.flush();
    }

    private Object call(String call, JsonNode args) {
        String name = args.get("instance").asText();
        switch (call) {
            case "open": return open(name, args);
            case "state": return instances.get(name).state().toString();
            case "failures": synchronized (failures) { return List.copyOf(failures.get(name)); }
            case "places": return places(instances.get(name));
            case "close": return instances.get(name).close(Duration.ofSeconds(60));
            default: throw new IllegalArgumentException(call);
        }
    }

    private Object open(String name, JsonNode args) {
        KafkaStreams streams = new KafkaStreams(topology(args), config(name, args));
        instances.put(name, streams);
        failures.put(name, new ArrayList<>());
        streams.setUncaughtExceptionHandler((error) -> {
            synchronized (failures) { failures.get(name).add(error.toString()); }
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        });
        streams.start();
        return null;
    }

    private static Topology topology(JsonNode args) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(args.get("input").asText())
            .flatMapValues((line) -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word)
            .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("store")).withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()))
            .toStream()
            .mapValues((count) -> String.valueOf(count))
            .to(args.get("output").asText(), Produced.with(Serdes.String(), Serdes.String()));
        return builder.build();
    }

    private Properties config(String name, JsonNode args) {
        Properties config = new Properties();
        config.put("group.protocol", "streams");
        config.put("application.id", args.get("application").asText());
        config.put("client.id", name);
        config.put("bootstrap.servers", bootstrap);
        config.put("application.server", name + ":1");
        config.put("processing.guarantee", "exactly_once_v2");
        config.put("default.key.serde", Serdes.String().getClass());
        config.put("default.value.serde", Serdes.String().getClass());
        config.put("commit.interval.ms", 100);
        config.put("statestore.cache.max.bytes", 0);
        config.put("num.stream.threads", args.get("threads").asInt());
        config.put("replication.factor", 1);
        config.put("state.dir", args.get("folder").asText());
        config.put("auto.offset.reset", "earliest");
        config.put("metadata.max.age.ms", 1000);
        config.put("reconnect.backoff.max.ms", 500);
        config.put("producer.delivery.timeout.ms", 120_000);
        config.put("producer.max.block.ms", 120_000);
        config.put("task.timeout.ms", 300_000);
        return config;
    }

    /** Of the store, as this instance knows all. */
    private static Object places(KafkaStreams streams) {
        Map<String, Object> places = new LinkedHashMap<>();
        for (StreamsMetadata metadata : streams.metadataForAllStreamsClients()) {
            places.put(metadata.hostInfo().host(), Map.of("active", numbersOf(metadata.topicPartitions()), "standby", numbersOf(metadata.standbyTopicPartitions())));
        }
        return places;
    }

    private static List<String> numbersOf(Set<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::toString).sorted().toList();
    }
}

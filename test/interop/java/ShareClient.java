// Consumers of share groups with Kafka's own Java client, each on a thread of its own; calls and answers are in ../share-client.ts:
//   java -cp <Kafka's jars> ShareClient <bootstrap>

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

public final class ShareClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String bootstrap;
    private final Map<String, Consumer> consumers = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        ShareClient client = new ShareClient(arguments[0]);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) client.receive(JSON.readTree(line));
        Runtime.getRuntime().halt(0);
    }

    private ShareClient(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    private void receive(JsonNode request) {
        String name = request.get("args").get("consumer").asText();
        Consumer consumer = consumers.computeIfAbsent(name, (it) -> new Consumer());
        consumer.thread.execute(() -> answer(request, consumer));
    }

    private void answer(JsonNode request, Consumer consumer) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("id", request.get("id").asInt());
        try {
            line.put("result", consumer.call(request.get("call").asText(), request.get("args")));
        } catch (Exception exception) {
            line.put("refused", Map.of("name", exception.getClass().getSimpleName(), "message", String.valueOf(exception.getMessage())));
        }
        try {
            String text = JSON.writeValueAsString(line);
            synchronized (System.out) {
                System.out.println(text);
                System.out.flush();
            }
        } catch (Exception exception) {
            throw new IllegalStateException(exception);
        }
    }

    /** Used by its thread alone. */
    private final class Consumer {
        final ExecutorService thread = Executors.newSingleThreadExecutor();
        /** As the callback told it, since it was asked before. */
        private final List<Object[]> outcomes = new ArrayList<>();
        /** By partition and offset, as they came last. */
        private final Map<String, ConsumerRecord<String, String>> records = new HashMap<>();
        private KafkaShareConsumer<String, String> consumer;

        Object call(String call, JsonNode args) {
            switch (call) {
                case "open": return open(args);
                case "poll": return poll(args.get("waitMs").asLong());
                case "acknowledge": return acknowledge(args);
                case "commit": return commit();
                case "outcomes": return outcomes();
                case "lockMs": return consumer.acquisitionLockTimeoutMs().orElse(null);
                case "close": return close();
                default: throw new IllegalArgumentException(call);
            }
        }

        private Object open(JsonNode args) {
            Map<String, Object> config = new HashMap<>();
            config.put("bootstrap.servers", bootstrap);
            config.put("client.id", args.get("consumer").asText());
            config.put("group.id", args.get("group").asText());
            config.put("share.acknowledgement.mode", args.path("isImplicit").asBoolean() ? "implicit" : "explicit");
            config.put("share.acquire.mode", args.path("isRecordLimited").asBoolean() ? "record_limit" : "batch_optimized");
            if (args.has("maxRecords")) config.put("max.poll.records", args.get("maxRecords").asInt());
            config.put("fetch.max.wait.ms", 200);
            config.put("retry.backoff.ms", 50);
            config.put("reconnect.backoff.max.ms", 200);
            config.put("metadata.max.age.ms", 1000);
            consumer = new KafkaShareConsumer<>(config, new StringDeserializer(), new StringDeserializer());
            consumer.setAcknowledgementCommitCallback((offsets, exception) -> {
                String error = exception == null ? null : exception.getClass().getSimpleName();
                offsets.forEach((partition, numbers) -> numbers.forEach((offset) -> outcomes.add(new Object[] {partition.partition(), offset, error})));
            });
            List<String> topics = new ArrayList<>();
            args.get("topics").forEach((topic) -> topics.add(topic.asText()));
            consumer.subscribe(topics);
            return null;
        }

        /** The records that come first, or none. */
        private Object poll(long waitMs) {
            long untilNs = System.nanoTime() + waitMs * 1_000_000;
            List<Object> seen = new ArrayList<>();
            do {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    records.put(record.partition() + "/" + record.offset(), record);
                    seen.add(Map.of(
                        "topic", record.topic(),
                        "partition", record.partition(),
                        "offset", record.offset(),
                        "deliveries", record.deliveryCount().orElseThrow(),
                        "value", record.value()));
                }
            } while (seen.isEmpty() && System.nanoTime() < untilNs);
            return seen;
        }

        private Object acknowledge(JsonNode args) {
            AcknowledgeType type = AcknowledgeType.valueOf(args.get("type").asText().toUpperCase());
            for (JsonNode record : args.get("records"))
                consumer.acknowledge(records.get(record.get("partition").asInt() + "/" + record.get("offset").asLong()), type);
            return null;
        }

        private Object commit() {
            Map<String, String> errors = new TreeMap<>();
            consumer.commitSync().forEach((TopicIdPartition partition, java.util.Optional<?> error) ->
                errors.put(String.valueOf(partition.partition()), error.map((it) -> it.getClass().getSimpleName()).orElse(null)));
            return errors;
        }

        private Object outcomes() {
            List<Object[]> seen = List.copyOf(outcomes);
            outcomes.clear();
            return seen;
        }

        private Object close() {
            consumer.close();
            thread.shutdown();
            return null;
        }
    }
}

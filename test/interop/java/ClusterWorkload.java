// The clients of a cluster's scenario with Kafka's own Java client:
//   java -cp <Kafka's jars> ClusterWorkload <bootstrap> <racks, one for each member>
// Tells what happens to them, a line of JSON an event (cluster-history.ts), and answers the calls of cluster-workload.ts, a line of JSON each.
// The end of its input ends it.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class ClusterWorkload {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ORDERS = "orders";
    private static final String LEDGER = "ledger";
    private static final int LEDGER_PARTITIONS = 3;
    private static final int KEYS = 8;
    private static final int MOST_IN_FLIGHT = 100;
    private static final long PACE_MS = 8;
    private static final int ABORTS = 4;

    private static String bootstrap;
    private static volatile boolean isProducing = true;
    private static volatile boolean isConsuming = true;
    private static final List<Thread> producers = new ArrayList<>();
    private static final List<Thread> members = new ArrayList<>();
    private static final Map<String, TreeSet<Integer>> nodesReadFrom = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        int number = 0;
        for (String rack : arguments[1].split(",")) {
            String name = "member " + ++number;
            members.add(started(name, () -> consume(name, rack)));
        }
        producers.add(started("producer idempotent", () -> produce("idempotent", true)));
        producers.add(started("producer plain", () -> produce("plain", false)));
        producers.add(started("transactional producer", ClusterWorkload::transact));
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) answer(JSON.readTree(line));
        isProducing = false;
        for (Thread producer : producers) producer.join();
        isConsuming = false;
        for (Thread member : members) member.join();
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static Thread started(String name, Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Exception exception) {
                tell("died", "who", name, "error", exception.toString());
            }
        });
        thread.start();
        return thread;
    }

    private static synchronized void tell(String event, Object... fields) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("event", event);
        for (int i = 0; i < fields.length; i += 2) line.put((String) fields[i], fields[i + 1]);
        try {
            System.out.println(JSON.writeValueAsString(line));
        } catch (Exception exception) {
            throw new IllegalStateException(exception);
        }
    }

    private static void answer(JsonNode request) throws Exception {
        Object result = switch (request.get("call").asText()) {
            case "quiesce" -> quiesce();
            case "send" -> sendOnce(request.get("args"));
            case "nodesReadFrom" -> readFrom();
            default -> throw new IllegalArgumentException(request.toString());
        };
        tell("answer", "id", request.get("id").asInt(), "result", result);
    }

    private static Object quiesce() throws InterruptedException {
        isProducing = false;
        for (Thread producer : producers) producer.join();
        return null;
    }

    /** Since it was asked last. */
    private static Object readFrom() {
        Map<String, Object> read = new LinkedHashMap<>();
        nodesReadFrom.forEach((member, nodes) -> {
            synchronized (nodes) {
                read.put(member, List.copyOf(nodes));
                nodes.clear();
            }
        });
        return read;
    }

    private static Map<String, Object> common() {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("request.timeout.ms", 5000);
        config.put("socket.connection.setup.timeout.ms", 2000);
        config.put("metadata.max.age.ms", 5000);
        return config;
    }

    private static KafkaProducer<String, String> producer(Map<String, Object> more) {
        Map<String, Object> config = common();
        config.put("acks", "all");
        config.put("linger.ms", 0);
        config.put("delivery.timeout.ms", 80_000);
        config.put("max.block.ms", 80_000);
        config.putAll(more);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private static void produce(String name, boolean isIdempotent) throws Exception {
        Semaphore places = new Semaphore(MOST_IN_FLIGHT);
        Map<String, Object> config = Map.of("enable.idempotence", isIdempotent, "max.in.flight.requests.per.connection", isIdempotent ? 5 : 1);
        try (KafkaProducer<String, String> producer = producer(config)) {
            for (int number = 0; isProducing; number++) {
                String key = "k" + number % KEYS;
                String value = name + " " + key + " " + number;
                places.acquire();
                producer.send(new ProducerRecord<>(ORDERS, key, value), (metadata, exception) -> {
                    places.release();
                    if (exception != null) tell("unsent", "value", value, "error", exception.toString());
                    else tell("sent", "value", value, "partition", metadata.partition(), "offset", metadata.hasOffset() ? metadata.offset() : -1);
                });
                Thread.sleep(PACE_MS);
            }
            producer.flush();
        }
    }

    private static void transact() throws Exception {
        KafkaProducer<String, String> producer = null;
        for (int number = 0; isProducing; number++) {
            try {
                if (producer == null) {
                    producer = producer(Map.of("transactional.id", "ledger-writer", "transaction.timeout.ms", 60_000));
                    producer.initTransactions();
                }
                tell("transaction", "number", number, "outcome", transaction(producer, number));
            } catch (KafkaException exception) {
                tell("error", "who", "transactional producer", "error", exception.toString());
                tell("transaction", "number", number, "outcome", "unknown");
                if (producer != null) producer.close(Duration.ZERO);
                producer = null;
            }
            Thread.sleep(PACE_MS);
        }
        if (producer != null) producer.close();
    }

    private static String transaction(KafkaProducer<String, String> producer, int number) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(LEDGER, number % LEDGER_PARTITIONS, null, number + " a"));
        producer.send(new ProducerRecord<>(LEDGER, (number + 1) % LEDGER_PARTITIONS, null, number + " b"));
        if (number % ABORTS == ABORTS - 1) {
            producer.abortTransaction();
            return "aborted";
        }
        producer.commitTransaction();
        return "committed";
    }

    private static void consume(String member, String rack) {
        Map<String, Object> config = common();
        config.put("group.id", "readers");
        config.put("client.id", member.replace(' ', '-'));
        config.put("client.rack", rack);
        config.put("auto.offset.reset", "earliest");
        config.put("enable.auto.commit", "false");
        config.put("session.timeout.ms", 10_000);
        config.put("heartbeat.interval.ms", 500);
        config.put("fetch.max.wait.ms", 200);
        config.put("default.api.timeout.ms", 20_000);
        TreeSet<Integer> nodes = new TreeSet<>();
        nodesReadFrom.put(member, nodes);
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
            consumer.subscribe(List.of(ORDERS), new Assignments(member, next));
            while (isConsuming) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    tell("received", "member", member, "partition", record.partition(), "offset", record.offset(), "value", record.value());
                    next.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
                }
                if (next.isEmpty()) continue;
                noteNodes(consumer, next.keySet(), nodes);
                commit(consumer, member, next);
            }
        }
    }

    /** A partition is read from the replica that its leader prefers, which only the client's metrics tell, or else from its leader. */
    private static void noteNodes(KafkaConsumer<String, String> consumer, Collection<TopicPartition> partitions, TreeSet<Integer> nodes) {
        Map<Integer, Integer> preferred = new HashMap<>();
        consumer.metrics().forEach((name, metric) -> {
            if (name.name().equals("preferred-read-replica") && ORDERS.equals(name.tags().get("topic")))
                preferred.put(Integer.valueOf(name.tags().get("partition")), ((Number) metric.metricValue()).intValue());
        });
        for (var info : consumer.partitionsFor(ORDERS)) {
            if (!partitions.contains(new TopicPartition(ORDERS, info.partition()))) continue;
            int replica = preferred.getOrDefault(info.partition(), -1);
            int leader = info.leader() == null ? -1 : info.leader().id();
            synchronized (nodes) {
                nodes.add(replica >= 0 ? replica : leader);
            }
        }
    }

    /** What could not be committed stays in `next`, to be committed with what comes after it. */
    private static void commit(KafkaConsumer<String, String> consumer, String member, Map<TopicPartition, OffsetAndMetadata> next) {
        try {
            consumer.commitSync(next);
            next.forEach((partition, offset) -> tell("committed", "member", member, "partition", partition.partition(), "offset", offset.offset()));
            next.clear();
        } catch (CommitFailedException | RebalanceInProgressException | TimeoutException exception) {
            tell("error", "who", member, "error", exception.getClass().getSimpleName());
        }
    }

    private record Assignments(String member, Map<TopicPartition, OffsetAndMetadata> next) implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            tell("assigned", "member", member, "partitions", partitions.stream().map(TopicPartition::partition).toList());
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            next.keySet().removeAll(partitions);
        }
    }

    private static Object sendOnce(JsonNode args) throws InterruptedException {
        Map<String, Object> impatient = Map.of("delivery.timeout.ms", 4000, "request.timeout.ms", 2000, "max.block.ms", 4000);
        var record = new ProducerRecord<String, String>(args.get("topic").asText(), args.get("partition").asInt(), null, args.get("value").asText());
        try (KafkaProducer<String, String> producer = producer(impatient)) {
            return Map.of("offset", producer.send(record).get().offset());
        } catch (ExecutionException exception) {
            return Map.of("error", exception.getCause().getClass().getSimpleName());
        } catch (KafkaException exception) {
            return Map.of("error", exception.getClass().getSimpleName());
        }
    }
}

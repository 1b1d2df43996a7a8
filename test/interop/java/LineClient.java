// Kafka's own Java client as a client program of the interop suite: java -cp <clients and Jackson> LineClient BOOTSTRAP. See client-process.ts
// for the calls. It is written in what clients 2.8 and 4.3 both have, and compiled against the one that it runs with.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ConsumerGroupListing;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.AppInfoParser;

public final class LineClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CALL_MS = 20_000;
    private static final int MOST_BYTES = 100_000_000;

    private interface Call {
        Object answer(JsonNode args) throws Exception;
    }

    /** Which this process keeps, and whether a transaction is open. */
    private static final class Transactional {
        final KafkaProducer<String, String> producer;
        boolean isOpen;

        Transactional(KafkaProducer<String, String> producer) {
            this.producer = producer;
        }
    }

    private final String bootstrap;
    private final Admin admin;
    private final Map<String, Call> calls = new HashMap<>();
    private final Map<String, Transactional> transactional = new HashMap<>();
    private Member member;

    public static void main(String[] arguments) throws IOException {
        PrintStream output = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        if (arguments[0].equals("rehearsal")) rehearse();
        LineClient client = new LineClient(arguments[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            output.println(JSON.writeValueAsString(client.answer(JSON.readTree(line))));
            output.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    /** Loads what a client is made of, without a broker, and ends. */
    private static void rehearse() {
        LineClient client = new LineClient("127.0.0.1:1");
        client.admin.close(Duration.ZERO);
        client.producer(Map.of()).close(Duration.ZERO);
        client.consumer(Map.of()).close();
        System.exit(0);
    }

    private LineClient(String bootstrap) {
        this.bootstrap = bootstrap;
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
        calls.put("about", this::about);
        calls.put("createTopic", this::createTopic);
        calls.put("deleteTopic", (args) -> settle(admin.deleteTopics(List.of(topicOf(args))).all()));
        calls.put("partitionCount", this::partitionCount);
        calls.put("listTopics", (args) -> beginning(settle(admin.listTopics().names()), args));
        calls.put("addPartitions", (args) -> settle(admin.createPartitions(Map.of(topicOf(args), NewPartitions.increaseTo(args.get("partitions").asInt()))).all()));
        calls.put("describeConfigs", this::describeConfigs);
        calls.put("alterConfigs", this::alterConfigs);
        calls.put("produce", this::produce);
        calls.put("produceSteadily", this::produceSteadily);
        calls.put("transact", this::transact);
        calls.put("read", this::read);
        calls.put("readNew", this::readNew);
        calls.put("watermarks", this::watermarks);
        calls.put("offsetsForTime", this::offsetsForTime);
        calls.put("join", this::join);
        calls.put("assignment", (args) -> member.assignment);
        calls.put("received", (args) -> inOrder(member.received()));
        calls.put("leave", this::leave);
        calls.put("committed", this::committed);
        calls.put("commit", this::commit);
        calls.put("listGroups", this::listGroups);
        calls.put("describeGroup", this::describeGroup);
        calls.put("deleteGroup", (args) -> settle(admin.deleteConsumerGroups(List.of(groupOf(args))).all()));
    }

    private Map<String, Object> answer(JsonNode request) {
        Map<String, Object> answer = new HashMap<>();
        answer.put("id", request.get("id").asInt());
        try {
            answer.put("result", calls.get(request.get("call").asText()).answer(request.get("args")));
        } catch (Exception exception) {
            Throwable reason = exception instanceof ExecutionException ? exception.getCause() : exception;
            answer.put("refused", Map.of("name", reason.getClass().getSimpleName(), "message", String.valueOf(reason.getMessage())));
        }
        return answer;
    }

    private Object about(JsonNode args) {
        String version = AppInfoParser.getVersion();
        Map<String, String> lacks = hasConsumerProtocol() ? Map.of() : Map.of("consumer protocol", "it is older");
        return Map.of("version", version, "codecs", List.of("none", "gzip", "snappy", "lz4", "zstd"), "lacks", lacks);
    }

    private static boolean hasConsumerProtocol() {
        return Integer.parseInt(AppInfoParser.getVersion().split("\\.")[0]) >= 4;
    }

    // Topics

    private Object createTopic(JsonNode args) throws Exception {
        NewTopic topic = new NewTopic(topicOf(args), args.get("partitions").asInt(), (short) 1);
        return settle(admin.createTopics(List.of(topic.configs(configsOf(args)))).all());
    }

    /** 4.0 took away the method that 2.8 has. */
    @SuppressWarnings("unchecked")
    private Object partitionCount(JsonNode args) throws Exception {
        String method = hasConsumerProtocol() ? "allTopicNames" : "all";
        Object described = DescribeTopicsResult.class.getMethod(method).invoke(admin.describeTopics(List.of(topicOf(args))));
        return settle((Future<Map<String, TopicDescription>>) described).get(topicOf(args)).partitions().size();
    }

    private Object describeConfigs(JsonNode args) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topicOf(args));
        Config config = settle(admin.describeConfigs(List.of(resource)).all()).get(resource);
        Map<String, String> values = new LinkedHashMap<>();
        for (JsonNode name : args.get("names")) {
            ConfigEntry entry = config.get(name.asText());
            values.put(name.asText(), entry == null ? null : entry.value());
        }
        return values;
    }

    private Object alterConfigs(JsonNode args) throws Exception {
        List<AlterConfigOp> changes = new ArrayList<>();
        configsOf(args).forEach((name, value) -> changes.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
        return settle(admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topicOf(args)), changes)).all());
    }

    // Producing

    private KafkaProducer<String, String> producer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "max.request.size", MOST_BYTES, "buffer.memory", MOST_BYTES));
        config.putAll(more);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private Object produce(JsonNode args) throws Exception {
        Map<String, Object> config = new HashMap<>(Map.of("linger.ms", 50, "delivery.timeout.ms", CALL_MS, "request.timeout.ms", CALL_MS / 2));
        config.put("compression.type", args.path("codec").asText("none"));
        config.put("acks", String.valueOf(args.path("acks").asInt(-1)));
        config.put("enable.idempotence", args.path("isIdempotent").asBoolean(false));
        try (KafkaProducer<String, String> producer = producer(config)) {
            return inOrder(send(producer, args));
        }
    }

    private List<Map<String, Object>> send(KafkaProducer<String, String> producer, JsonNode args) throws Exception {
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        for (JsonNode record : args.get("records")) futures.add(producer.send(recordOf(topicOf(args), record)));
        producer.flush();
        List<Map<String, Object>> sent = new ArrayList<>();
        for (Future<RecordMetadata> future : futures) sent.add(placeOf(future.get().partition(), future.get().offset()));
        return sent;
    }

    private Object produceSteadily(JsonNode args) throws Exception {
        List<String> acknowledged = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        JsonNode partitions = args.get("partitions");
        try (KafkaProducer<String, String> producer = producer(Map.of("linger.ms", 0))) {
            for (int index = 0; index < args.get("count").asInt(); index++) {
                String value = String.valueOf(index);
                try {
                    producer.send(new ProducerRecord<>(topicOf(args), partitions.get(index % partitions.size()).asInt(), null, value)).get();
                    acknowledged.add(value);
                } catch (ExecutionException exception) {
                    refused.add(exception.getCause().getClass().getSimpleName());
                }
                Thread.sleep(args.get("everyMs").asInt());
            }
        }
        return Map.of("acknowledged", acknowledged, "refused", refused);
    }

    private Object transact(JsonNode args) throws Exception {
        Transactional producing = transactional(args.get("id").asText());
        KafkaProducer<String, String> producer = producing.producer;
        if (!producing.isOpen) producer.beginTransaction();
        producing.isOpen = true;
        send(producer, args);
        if (args.has("offsets")) {
            JsonNode offsets = args.get("offsets");
            TopicPartition partition = new TopicPartition(topicOf(offsets), offsets.get("partition").asInt());
            OffsetAndMetadata offset = new OffsetAndMetadata(offsets.get("offset").asLong());
            producer.sendOffsetsToTransaction(Map.of(partition, offset), new ConsumerGroupMetadata(groupOf(offsets)));
        }
        String end = args.get("end").asText();
        if (end.equals("open")) return null;
        producing.isOpen = false;
        if (end.equals("commit")) producer.commitTransaction();
        else producer.abortTransaction();
        return null;
    }

    private Transactional transactional(String id) {
        Transactional known = transactional.get(id);
        if (known != null) return known;
        KafkaProducer<String, String> producer = producer(Map.of("transactional.id", id, "linger.ms", 5));
        producer.initTransactions();
        transactional.put(id, new Transactional(producer));
        return transactional.get(id);
    }

    private static ProducerRecord<String, String> recordOf(String topic, JsonNode record) {
        ProducerRecord<String, String> made = new ProducerRecord<>(
            topic, record.get("partition").asInt(), record.get("timestampMs").asLong(), textOf(record.get("key")), textOf(record.get("value")));
        for (JsonNode header : record.path("headers")) made.headers().add(header.get(0).asText(), header.get(1).asText().getBytes(StandardCharsets.UTF_8));
        return made;
    }

    // Reading

    private KafkaConsumer<String, String> consumer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false, "allow.auto.create.topics", false));
        config.putAll(Map.of("auto.offset.reset", "none", "fetch.max.wait.ms", 100, "default.api.timeout.ms", CALL_MS, "max.partition.fetch.bytes", MOST_BYTES));
        config.putAll(more);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    private Object read(JsonNode args) {
        Map<String, Object> config = args.has("isolation") ? Map.of("isolation.level", args.get("isolation").asText()) : Map.of();
        try (KafkaConsumer<String, String> consumer = consumer(config)) {
            Collection<TopicPartition> partitions = partitionsOf(args);
            JsonNode from = args.get("from");
            consumer.assign(partitions);
            if (from.isTextual()) consumer.seekToBeginning(partitions);
            else if (from.has("offset")) partitions.forEach((each) -> consumer.seek(each, from.get("offset").asLong()));
            else seekToTime(consumer, partitions, from.get("timestampMs").asLong());
            return take(consumer, args.get("count").asInt(), args.path("waitMs").asInt(15_000));
        }
    }

    private static void seekToTime(KafkaConsumer<String, String> consumer, Collection<TopicPartition> partitions, long timestampMs) {
        offsetsForTime(consumer, partitions, timestampMs).forEach((partition, found) -> {
            if (found == null) consumer.seekToEnd(List.of(partition));
            else consumer.seek(partition, found.offset());
        });
    }

    private Object readNew(JsonNode args) throws Exception {
        try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
            consumer.assign(partitionsOf(args));
            consumer.seekToEnd(partitionsOf(args));
            partitionsOf(args).forEach(consumer::position);
            produce(args);
            return take(consumer, args.get("records").size(), CALL_MS);
        }
    }

    private static List<Map<String, Object>> take(KafkaConsumer<String, String> consumer, int count, int waitMs) {
        long deadlineNs = System.nanoTime() + waitMs * 1_000_000L;
        List<Map<String, Object>> seen = new ArrayList<>();
        while (seen.size() < count && System.nanoTime() < deadlineNs) {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) seen.add(seenOf(record));
        }
        return inOrder(seen);
    }

    private static Map<String, Object> seenOf(ConsumerRecord<String, String> record) {
        List<List<String>> headers = new ArrayList<>();
        for (Header header : record.headers()) headers.add(List.of(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        Map<String, Object> seen = placeOf(record.partition(), record.offset());
        seen.put("key", record.key());
        seen.put("value", record.value());
        seen.put("timestampMs", record.timestamp());
        seen.put("headers", headers);
        return seen;
    }

    private Object watermarks(JsonNode args) {
        try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
            Map<TopicPartition, Long> low = consumer.beginningOffsets(partitionsOf(args));
            Map<TopicPartition, Long> high = consumer.endOffsets(partitionsOf(args));
            return partitionsOf(args).stream().map((each) -> Map.of("low", low.get(each), "high", high.get(each))).collect(Collectors.toList());
        }
    }

    private Object offsetsForTime(JsonNode args) {
        try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
            Map<TopicPartition, OffsetAndTimestamp> found = offsetsForTime(consumer, partitionsOf(args), args.get("timestampMs").asLong());
            return partitionsOf(args).stream().map((each) -> found.get(each) == null ? -1 : found.get(each).offset()).collect(Collectors.toList());
        }
    }

    private static Map<TopicPartition, OffsetAndTimestamp> offsetsForTime(
            KafkaConsumer<String, String> consumer, Collection<TopicPartition> partitions, long timestampMs) {
        return consumer.offsetsForTimes(partitions.stream().collect(Collectors.toMap((each) -> each, (each) -> timestampMs)));
    }

    // Groups

    private Object join(JsonNode args) {
        Map<String, Object> config = new HashMap<>(Map.of("group.id", groupOf(args), "auto.offset.reset", "earliest"));
        if (args.path("protocol").asText("classic").equals("consumer")) config.put("group.protocol", "consumer");
        else config.putAll(Map.of("session.timeout.ms", 6000, "heartbeat.interval.ms", 500));
        member = new Member(consumer(config), topicOf(args));
        member.start();
        return null;
    }

    private Object leave(JsonNode args) throws InterruptedException {
        member.isLeaving = true;
        member.join(CALL_MS);
        return null;
    }

    /** The group membership of this process: it polls all the time, and commits what it received. */
    private static final class Member extends Thread {
        private final KafkaConsumer<String, String> consumer;
        private final String topic;
        private final List<Map<String, Object>> received = new ArrayList<>();
        volatile List<Integer> assignment = List.of();
        volatile boolean isLeaving;

        Member(KafkaConsumer<String, String> consumer, String topic) {
            this.consumer = consumer;
            this.topic = topic;
            setDaemon(true);
        }

        synchronized List<Map<String, Object>> received() {
            return List.copyOf(received);
        }

        private synchronized void receive(ConsumerRecord<String, String> record) {
            Map<String, Object> place = placeOf(record.partition(), record.offset());
            place.put("value", record.value());
            received.add(place);
        }

        @Override
        public void run() {
            consumer.subscribe(List.of(topic));
            while (!isLeaving) {
                Iterable<ConsumerRecord<String, String>> records = consumer.poll(Duration.ofMillis(50));
                assignment = consumer.assignment().stream().map(TopicPartition::partition).sorted().collect(Collectors.toList());
                for (ConsumerRecord<String, String> record : records) receive(record);
                try {
                    if (records.iterator().hasNext()) consumer.commitSync();
                } catch (KafkaException exception) {
                    // A rebalance came in between: the next owner reads the records again.
                }
            }
            consumer.close();
        }
    }

    private Object committed(JsonNode args) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> found = settle(admin.listConsumerGroupOffsets(groupOf(args)).partitionsToOffsetAndMetadata());
        return partitionsOf(args).stream().map((each) -> found.get(each) == null ? -1 : found.get(each).offset()).collect(Collectors.toList());
    }

    private Object commit(JsonNode args) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (JsonNode each : args.get("offsets")) {
            offsets.put(new TopicPartition(topicOf(args), each.get("partition").asInt()), new OffsetAndMetadata(each.get("offset").asLong()));
        }
        return settle(admin.alterConsumerGroupOffsets(groupOf(args), offsets).all());
    }

    @SuppressWarnings({"deprecation", "removal"})
    private Object listGroups(JsonNode args) throws Exception {
        return beginning(settle(admin.listConsumerGroups().all()).stream().map(ConsumerGroupListing::groupId).collect(Collectors.toList()), args);
    }

    @SuppressWarnings({"deprecation", "removal"})
    private Object describeGroup(JsonNode args) throws Exception {
        ConsumerGroupDescription found = settle(admin.describeConsumerGroups(List.of(groupOf(args))).all()).get(groupOf(args));
        return Map.of("state", found.state().toString(), "members", found.members().size());
    }

    // Arguments and answers

    private static <T> T settle(Future<T> future) throws Exception {
        return future.get(CALL_MS, TimeUnit.MILLISECONDS);
    }


    private static String topicOf(JsonNode args) {
        return args.get("topic").asText();
    }

    private static String groupOf(JsonNode args) {
        return args.get("group").asText();
    }

    private static String textOf(JsonNode text) {
        return text.isNull() ? null : text.asText();
    }

    private static Map<String, String> configsOf(JsonNode args) {
        Map<String, String> configs = new TreeMap<>();
        args.path("configs").fields().forEachRemaining((config) -> configs.put(config.getKey(), config.getValue().asText()));
        return configs;
    }

    private static List<TopicPartition> partitionsOf(JsonNode args) {
        return StreamSupport.stream(args.get("partitions").spliterator(), false)
            .map((each) -> new TopicPartition(topicOf(args), each.asInt())).collect(Collectors.toList());
    }

    private static List<String> beginning(Collection<String> names, JsonNode args) {
        return names.stream().filter((name) -> name.startsWith(args.get("prefix").asText())).sorted().collect(Collectors.toList());
    }

    private static Map<String, Object> placeOf(int partition, long offset) {
        return new LinkedHashMap<>(Map.of("partition", partition, "offset", offset));
    }

    private static List<Map<String, Object>> inOrder(List<Map<String, Object>> places) {
        List<Map<String, Object>> ordered = new ArrayList<>(places);
        ordered.sort(Comparator.<Map<String, Object>>comparingInt((each) -> (int) each.get("partition")).thenComparingLong((each) -> (long) each.get("offset")));
        return ordered;
    }
}

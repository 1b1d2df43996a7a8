// A member of a group with Kafka's own Java client, which writes what happens to it into a log of its own (member-log.ts):
//   java -cp <Kafka's jars> GroupMember '<options>'
// Its wishes and what it does on "hold", "go" and at the end of its input are in group-member.ts.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class GroupMember implements ConsumerRebalanceListener {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String END = "end of input";
    private static final long COMMIT_EVERY_NS = 150_000_000L;

    private final JsonNode options;
    private final OutputStream log;
    private final BlockingQueue<String> commands = new LinkedBlockingQueue<>();
    private final KafkaConsumer<String, String> consumer;
    private final KafkaProducer<String, String> producer;
    /** What is consumed and not committed yet: the next offset to read. */
    private final Map<TopicPartition, OffsetAndMetadata> pending = new HashMap<>();
    private long lastCommitNs = System.nanoTime();

    public static void main(String[] arguments) throws Exception {
        new GroupMember(JSON.readTree(arguments[0])).live();
        Runtime.getRuntime().halt(0);
    }

    private GroupMember(JsonNode options) throws IOException {
        this.options = options;
        log = new FileOutputStream(options.get("log").asText(), true);
        consumer = new KafkaConsumer<>(consumerConfig(options), new StringDeserializer(), new StringDeserializer());
        producer = options.has("output") ? new KafkaProducer<>(producerConfig(options), new StringSerializer(), new StringSerializer()) : null;
        Thread reader = new Thread(this::readCommands);
        reader.setDaemon(true);
        reader.start();
    }

    private static Map<String, Object> consumerConfig(JsonNode options) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", options.get("bootstrap").asText());
        config.put("client.id", options.get("name").asText());
        config.put("group.id", options.get("group").asText());
        config.put("group.protocol", options.get("protocol").asText());
        if (options.has("instance")) config.put("group.instance.id", options.get("instance").asText());
        if (options.get("protocol").asText().equals("classic")) {
            config.put("session.timeout.ms", options.get("sessionMs").asInt());
            config.put("heartbeat.interval.ms", 200);
            boolean isCooperative = options.get("assignor").asText().equals("cooperative-sticky");
            config.put("partition.assignment.strategy", (isCooperative ? CooperativeStickyAssignor.class : RangeAssignor.class).getName());
        }
        config.put("auto.offset.reset", "earliest");
        config.put("enable.auto.commit", "false");
        config.put("fetch.max.wait.ms", 100);
        config.put("retry.backoff.ms", 50);
        config.put("metadata.max.age.ms", 1000);
        config.put("isolation.level", "read_committed");
        return config;
    }

    private static Map<String, Object> producerConfig(JsonNode options) {
        return Map.of("bootstrap.servers", options.get("bootstrap").asText(), "linger.ms", 0, "transactional.id", options.get("transactionalId").asText());
    }

    private void readCommands() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) commands.add(line);
        } catch (IOException ignored) {
            // The same as its end.
        }
        commands.add(END);
    }

    private void live() throws Exception {
        try {
            if (producer != null) producer.initTransactions();
            if (options.has("pattern")) consumer.subscribe(new SubscriptionPattern(options.get("pattern").asText()), this);
            else consumer.subscribe(textsOf(options.get("topics")), this);
            boolean isHolding = false;
            for (;;) {
                String command = commands.poll();
                if (END.equals(command)) break;
                isHolding |= "hold".equals(command);
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(50));
                isHolding = producer == null ? consume(records, isHolding) : transform(records, isHolding);
            }
            if (producer == null) commit(pending.keySet());
            consumer.close();
            if (producer != null) producer.close();
            tell("left");
        } catch (Exception exception) {
            tell("failed", "error", reasonOf(exception));
        }
    }

    /** Gives whether it is still to hold. */
    private boolean consume(ConsumerRecords<String, String> records, boolean isHolding) throws InterruptedException {
        for (ConsumerRecord<String, String> record : records) note(record);
        boolean isHeld = isHolding && !pending.isEmpty();
        if (isHeld) hold();
        if (isHeld || System.nanoTime() - lastCommitNs > COMMIT_EVERY_NS) commit(pending.keySet());
        return isHolding && !isHeld;
    }

    private void note(ConsumerRecord<String, String> record) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        tell("consumed", "place", placeOf(partition), "offset", record.offset());
        pending.put(partition, new OffsetAndMetadata(record.offset() + 1));
    }

    private void hold() throws InterruptedException {
        tell("held");
        while (!"go".equals(commands.take())) {
            // Anything else has to wait.
        }
    }

    private void commit(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>(pending);
        offsets.keySet().retainAll(List.copyOf(partitions));
        pending.keySet().removeAll(List.copyOf(partitions));
        lastCommitNs = System.nanoTime();
        if (offsets.isEmpty()) return;
        long sinceUs = nowUs();
        try {
            consumer.commitSync(offsets);
            tell("committed", "sinceUs", sinceUs, "offsets", textOf(offsets));
        } catch (RebalanceInProgressException exception) {
            // Of the classic protocol: nothing is lost, and it comes with the next commit unless the partition goes.
            offsets.forEach(pending::putIfAbsent);
        } catch (KafkaException exception) {
            tell("refused", "offsets", textOf(offsets), "error", exception.getClass().getSimpleName());
        }
    }

    private boolean transform(ConsumerRecords<String, String> records, boolean isHolding) throws InterruptedException {
        if (records.isEmpty()) return isHolding;
        producer.beginTransaction();
        for (ConsumerRecord<String, String> record : records) {
            note(record);
            producer.send(new ProducerRecord<>(options.get("output").asText(), 0, null, record.topic() + "/" + record.partition() + "/" + record.offset()));
        }
        if (isHolding) hold();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>(pending);
        pending.clear();
        long sinceUs = nowUs();
        try {
            producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
            producer.commitTransaction();
            tell("committed", "sinceUs", sinceUs, "offsets", textOf(offsets));
        } catch (ProducerFencedException exception) {
            tell("refused", "offsets", textOf(offsets), "error", exception.getClass().getSimpleName());
            throw exception;
        } catch (KafkaException exception) {
            tell("refused", "offsets", textOf(offsets), "error", exception.getClass().getSimpleName(), "reason", reasonOf(exception));
            producer.abortTransaction();
            rewind();
        }
        return false;
    }

    private static String reasonOf(Throwable failure) {
        return failure.getCause() == null ? failure.toString() : failure + ", since " + reasonOf(failure.getCause());
    }

    /** What was not committed is read again. */
    private void rewind() {
        Set<TopicPartition> assigned = consumer.assignment();
        try {
            consumer.committed(assigned).forEach((partition, committed) -> {
                if (committed == null) consumer.seekToBeginning(List.of(partition));
                else consumer.seek(partition, committed.offset());
            });
        } catch (CommitFailedException | UnknownMemberIdException | IllegalStateException exception) {
            // The partitions went meanwhile, or its group has forgotten it, and it has not heard so by a heartbeat yet.
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        if (!partitions.isEmpty()) tell("assigned", "places", textsOf(partitions));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        if (producer == null) commit(partitions);
        if (!partitions.isEmpty()) tell("revoked", "places", textsOf(partitions));
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        pending.keySet().removeAll(List.copyOf(partitions));
        if (!partitions.isEmpty()) tell("lost", "places", textsOf(partitions));
    }

    private static String placeOf(TopicPartition partition) {
        return partition.topic() + "/" + partition.partition();
    }

    private static List<String> textsOf(Collection<TopicPartition> partitions) {
        return partitions.stream().map(GroupMember::placeOf).toList();
    }

    private static List<String> textsOf(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach((text) -> texts.add(text.asText()));
        return texts;
    }

    private static Map<String, Long> textOf(Map<TopicPartition, OffsetAndMetadata> offsets) {
        Map<String, Long> text = new LinkedHashMap<>();
        offsets.forEach((partition, offset) -> text.put(placeOf(partition), offset.offset()));
        return text;
    }

    private static long nowUs() {
        return System.nanoTime() / 1000;
    }

    private void tell(String event, Object... fields) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("atUs", nowUs());
        line.put("event", event);
        for (int i = 0; i < fields.length; i += 2) line.put((String) fields[i], fields[i + 1]);
        try {
            log.write((JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException exception) {
            throw new IllegalStateException(exception);
        }
    }
}

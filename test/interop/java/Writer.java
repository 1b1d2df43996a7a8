// A producer with Kafka's own Java client, which writes what happens to it into a log of its own (machines/writer-log.ts):
//   java -cp <Kafka's jars> Writer '<options>'
// What it does is in machines/writer.ts.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Writer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_IN_FLIGHT = 50;
    private static final int ABORTS = 4;

    private final JsonNode options;
    private final OutputStream log;
    private final String name;
    private final String topic;
    private final int partitions;
    private volatile boolean isEnding = false;

    public static void main(String[] arguments) throws Exception {
        new Writer(JSON.readTree(arguments[0])).live();
        Runtime.getRuntime().halt(0);
    }

    private Writer(JsonNode options) throws IOException {
        this.options = options;
        log = new FileOutputStream(options.get("log").asText(), true);
        name = options.get("name").asText();
        topic = options.get("topic").asText();
        partitions = options.get("partitions").asInt();
        Thread reader = new Thread(this::readInput);
        reader.setDaemon(true);
        reader.start();
    }

    private void readInput() {
        try {
            while (System.in.read() >= 0) {
                // It is told nothing but that it ends.
            }
        } catch (IOException ignored) {
            // The same as its end.
        }
        isEnding = true;
    }

    private void live() {
        try {
            if (options.has("transactionalId")) writeTransactions();
            else writeRecords();
            tell("left");
        } catch (Exception exception) {
            tell("failed", "error", exception.toString());
        }
    }

    private KafkaProducer<String, String> producer() {
        Map<String, Object> config = new HashMap<>();
        int deliveryMs = options.get("deliveryMs").asInt();
        config.put("bootstrap.servers", options.get("bootstrap").asText());
        config.put("client.id", name);
        config.put("linger.ms", 0);
        config.put("request.timeout.ms", Math.min(5000, deliveryMs));
        config.put("delivery.timeout.ms", deliveryMs);
        config.put("max.block.ms", deliveryMs);
        config.put("socket.connection.setup.timeout.ms", 2000);
        config.put("metadata.max.age.ms", 2000);
        config.put("reconnect.backoff.max.ms", 500);
        if (options.has("transactionalId")) {
            config.put("transactional.id", options.get("transactionalId").asText());
            config.put("transaction.timeout.ms", 15_000);
        }
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private void writeRecords() throws Exception {
        Semaphore places = new Semaphore(MOST_IN_FLIGHT);
        try (KafkaProducer<String, String> producer = producer()) {
            for (int number = 0; !isEnding; number++) {
                int partition = number % partitions;
                String value = name + ":" + number;
                String place = topic + "/" + partition;
                places.acquire();
                long sinceUs = nowUs();
                producer.send(new ProducerRecord<>(topic, partition, null, value), (metadata, exception) -> {
                    places.release();
                    if (exception != null) tell("unsent", "sinceUs", sinceUs, "place", place, "value", value, "error", exception.toString());
                    else tell("sent", "sinceUs", sinceUs, "place", place, "offset", metadata.hasOffset() ? metadata.offset() : -1, "value", value);
                });
                Thread.sleep(options.get("paceMs").asInt());
            }
            producer.flush();
        }
    }

    private void writeTransactions() throws Exception {
        KafkaProducer<String, String> producer = null;
        for (int number = 0; !isEnding; number++) {
            List<List<String>> records = List.of(record(number, 0), record(number, 1));
            long sinceUs = nowUs();
            boolean isCommitting = false;
            try {
                if (producer == null) {
                    producer = producer();
                    producer.initTransactions();
                }
                producer.beginTransaction();
                for (int part = 0; part < 2; part++) producer.send(new ProducerRecord<>(topic, (number + part) % partitions, null, records.get(part).get(1)));
                if (number % ABORTS == ABORTS - 1) {
                    producer.abortTransaction();
                    tell("transaction", "number", number, "sinceUs", sinceUs, "records", records, "outcome", "aborted");
                } else {
                    isCommitting = true;
                    commit(producer);
                    tell("transaction", "number", number, "sinceUs", sinceUs, "records", records, "outcome", "committed");
                }
            } catch (KafkaException exception) {
                String outcome = isCommitting ? "unknown" : "aborted";
                tell("transaction", "number", number, "sinceUs", sinceUs, "records", records, "outcome", outcome, "error", exception.toString());
                if (producer != null) producer.close(Duration.ZERO);
                producer = null;
                Thread.sleep(200);
            }
            Thread.sleep(options.get("paceMs").asInt());
        }
        if (producer != null) producer.close();
    }

    /** A commit that timed out is to be tried again. */
    private static void commit(KafkaProducer<String, String> producer) {
        try {
            producer.commitTransaction();
        } catch (TimeoutException exception) {
            producer.commitTransaction();
        }
    }

    private List<String> record(int number, int part) {
        return List.of(topic + "/" + (number + part) % partitions, name + ":" + number + ":" + part);
    }

    private static long nowUs() {
        return System.nanoTime() / 1000;
    }

    private synchronized void tell(String event, Object... fields) {
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

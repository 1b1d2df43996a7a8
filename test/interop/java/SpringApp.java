// An application with Spring for Apache Kafka: java -cp <Spring Kafka, Jackson> SpringApp BOOTSTRAP. It has listeners whose failures are
// tried again and go to dead letter topics, transactions of templates and of listeners, and requests with replies; prints what it observed
// as one line of JSON.

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.DltHandler;
import org.springframework.kafka.annotation.EnableKafkaRetryTopic;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.config.TopicBuilder;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultAfterRollbackProcessor;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.transaction.KafkaTransactionManager;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

@Configuration
@EnableKafkaRetryTopic
public class SpringApp {
    private static final long PATIENCE_MS = 60_000;
    private static String bootstrap;
    /** What has been seen, by what it was. */
    private static final Map<String, List<String>> SEEN = new TreeMap<>();

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(SpringApp.class);
        Map<String, Object> observed = new TreeMap<>();
        observed.put("topics", topics(context.getBean(KafkaAdmin.class)));
        deadLetters(plain(context));
        transactions(context);
        observed.put("replies", replies(context));
        await("orders", 5);
        await("dead orders", 1);
        await("retried", 4);
        await("dead retried", 1);
        await("committed", 3);
        await("transformed", 3);
        observed.put("assigned", assigned(context));
        context.close();
        synchronized (SEEN) {
            observed.put("seen", SEEN);
            System.out.println(new ObjectMapper().writeValueAsString(observed));
        }
        System.exit(0);
    }

    private static void see(String what, String text) {
        synchronized (SEEN) {
            SEEN.computeIfAbsent(what, (key) -> new ArrayList<>()).add(text);
            SEEN.notifyAll();
        }
    }

    private static void await(String what, int count) throws InterruptedException {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        synchronized (SEEN) {
            while (SEEN.getOrDefault(what, List.of()).size() < count) {
                long left = deadline - System.currentTimeMillis();
                if (left <= 0) throw new IllegalStateException("not " + count + " " + what + ": " + SEEN);
                SEEN.wait(left);
            }
        }
    }

    // What it is made of

    @Bean
    public KafkaAdmin kafkaAdmin() {
        return new KafkaAdmin(Map.of("bootstrap.servers", bootstrap));
    }

    @Bean
    public KafkaAdmin.NewTopics newTopics() {
        List<String> names = List.of("spring-orders", "spring-orders-dlt", "spring-retried", "spring-committed", "spring-in", "spring-out", "spring-requests", "spring-replies");
        return new KafkaAdmin.NewTopics(names.stream().map((name) -> TopicBuilder.name(name).partitions(1).replicas(1).build()).toArray(org.apache.kafka.clients.admin.NewTopic[]::new));
    }

    @Bean
    public ConsumerFactory<String, String> consumerFactory() {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest", "isolation.level", "read_committed"));
        config.putAll(Map.of("fetch.max.wait.ms", 100, "session.timeout.ms", 10_000));
        return new DefaultKafkaConsumerFactory<>(config, new StringDeserializer(), new StringDeserializer());
    }

    @Bean
    public ProducerFactory<String, String> producerFactory() {
        return new DefaultKafkaProducerFactory<>(Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer());
    }

    @Bean
    public ProducerFactory<String, String> transactionalFactory() {
        DefaultKafkaProducerFactory<String, String> factory =
            new DefaultKafkaProducerFactory<>(Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer());
        factory.setTransactionIdPrefix("spring-");
        return factory;
    }

    @Bean
    public KafkaTemplate<String, String> defaultRetryTopicKafkaTemplate() {
        return new KafkaTemplate<>(producerFactory());
    }

    @Bean
    public KafkaTemplate<String, String> transactionalTemplate() {
        return new KafkaTemplate<>(transactionalFactory());
    }

    @Bean
    public TaskScheduler taskScheduler() {
        return new ThreadPoolTaskScheduler();
    }

    @Bean
    public ConcurrentKafkaListenerContainerFactory<String, String> kafkaListenerContainerFactory() {
        ConcurrentKafkaListenerContainerFactory<String, String> factory = new ConcurrentKafkaListenerContainerFactory<>();
        factory.setConsumerFactory(consumerFactory());
        factory.setReplyTemplate(defaultRetryTopicKafkaTemplate());
        factory.setCommonErrorHandler(new DefaultErrorHandler(new DeadLetterPublishingRecoverer(defaultRetryTopicKafkaTemplate()), new FixedBackOff(50, 2)));
        return factory;
    }

    /** Each record is handled in a transaction, with its offset. */
    @Bean
    public ConcurrentKafkaListenerContainerFactory<String, String> transformers() {
        ConcurrentKafkaListenerContainerFactory<String, String> factory = new ConcurrentKafkaListenerContainerFactory<>();
        factory.setConsumerFactory(consumerFactory());
        factory.getContainerProperties().setKafkaAwareTransactionManager(new KafkaTransactionManager<>(transactionalFactory()));
        factory.setAfterRollbackProcessor(new DefaultAfterRollbackProcessor<>(new FixedBackOff(50, 5)));
        return factory;
    }

    @Bean
    public ReplyingKafkaTemplate<String, String, String> replyingTemplate() {
        ConcurrentMessageListenerContainer<String, String> replies = kafkaListenerContainerFactory().createContainer("spring-replies");
        replies.getContainerProperties().setGroupId("spring-replies");
        ReplyingKafkaTemplate<String, String, String> template = new ReplyingKafkaTemplate<>(producerFactory(), replies);
        template.setSharedReplyTopic(true);
        return template;
    }

    // Its listeners

    @KafkaListener(id = "spring-orders", topics = "spring-orders")
    public void order(ConsumerRecord<String, String> record) {
        see("orders", record.offset() + ": " + record.value());
        if (record.value().equals("bad")) throw new IllegalArgumentException("a bad order");
    }

    @KafkaListener(id = "spring-orders-dlt", topics = "spring-orders-dlt")
    public void deadOrder(ConsumerRecord<String, String> record) {
        String reason = new String(record.headers().lastHeader(KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN).value(), StandardCharsets.UTF_8);
        String topic = new String(record.headers().lastHeader(KafkaHeaders.DLT_ORIGINAL_TOPIC).value(), StandardCharsets.UTF_8);
        see("dead orders", record.value() + " of " + topic + ": " + reason);
    }

    @RetryableTopic(attempts = "3", backOff = @BackOff(delay = 200), kafkaTemplate = "defaultRetryTopicKafkaTemplate", numPartitions = "1", replicationFactor = "1")
    @KafkaListener(id = "spring-retried", topics = "spring-retried")
    public void retried(ConsumerRecord<String, String> record) {
        see("retried", record.topic() + ": " + record.value());
        if (record.value().equals("bad")) throw new IllegalArgumentException("never");
    }

    @DltHandler
    public void deadRetried(ConsumerRecord<String, String> record) {
        see("dead retried", record.topic() + ": " + record.value());
    }

    @KafkaListener(id = "spring-committed", topics = "spring-committed")
    public void committed(ConsumerRecord<String, String> record) {
        see("committed", record.value());
    }

    @KafkaListener(id = "spring-in", topics = "spring-in", containerFactory = "transformers")
    public void transform(ConsumerRecord<String, String> record) {
        transactionalTemplate().send("spring-out", record.value() + " transformed");
        see("attempts", record.value());
        synchronized (SEEN) {
            if (record.value().equals("second") && SEEN.get("attempts").stream().filter("second"::equals).count() < 3) throw new IllegalStateException("not yet");
        }
    }

    @KafkaListener(id = "spring-out", topics = "spring-out")
    public void transformed(ConsumerRecord<String, String> record) {
        see("transformed", record.value());
    }

    @KafkaListener(id = "spring-requests", topics = "spring-requests")
    @SendTo
    public String answer(String question) {
        return question + "? " + question.length();
    }

    // What is done to it

    private static Object topics(KafkaAdmin admin) {
        Map<String, Object> counts = new TreeMap<>();
        admin.describeTopics("spring-orders", "spring-retried", "spring-retried-retry", "spring-retried-dlt")
            .forEach((name, description) -> counts.put(name, description.partitions().size()));
        admin.createOrModifyTopics(TopicBuilder.name("spring-grown").partitions(1).replicas(1).build());
        admin.createOrModifyTopics(TopicBuilder.name("spring-grown").partitions(3).replicas(1).build());
        counts.put("spring-grown", admin.describeTopics("spring-grown").get("spring-grown").partitions().size());
        return counts;
    }

    @SuppressWarnings("unchecked")
    private static KafkaTemplate<String, String> plain(AnnotationConfigApplicationContext context) {
        return (KafkaTemplate<String, String>) context.getBean("defaultRetryTopicKafkaTemplate");
    }

    private static void deadLetters(KafkaTemplate<String, String> template) throws Exception {
        for (String value : List.of("good", "bad", "better")) template.send("spring-orders", value).get();
        for (String value : List.of("good", "bad")) template.send("spring-retried", value).get();
    }

    @SuppressWarnings("unchecked")
    private static void transactions(AnnotationConfigApplicationContext context) {
        KafkaTemplate<String, String> template = (KafkaTemplate<String, String>) context.getBean("transactionalTemplate");
        template.executeInTransaction((operations) -> {
            operations.send("spring-committed", "first");
            return operations.send("spring-committed", "second");
        });
        try {
            template.executeInTransaction((operations) -> {
                operations.send("spring-committed", "aborted");
                operations.flush();
                throw new IllegalStateException("given up");
            });
        } catch (IllegalStateException expected) {
            see("given up", expected.getMessage());
        }
        template.executeInTransaction((operations) -> operations.send("spring-committed", "third"));
        template.executeInTransaction((operations) -> {
            for (String value : List.of("first", "second", "third")) operations.send("spring-in", value);
            return true;
        });
    }

    @SuppressWarnings("unchecked")
    private static List<String> replies(AnnotationConfigApplicationContext context) throws Exception {
        ReplyingKafkaTemplate<String, String, String> template = context.getBean(ReplyingKafkaTemplate.class);
        template.waitForAssignment(Duration.ofMillis(PATIENCE_MS));
        List<String> answers = new ArrayList<>();
        for (String question : List.of("how", "why")) {
            answers.add(template.sendAndReceive(new ProducerRecord<>("spring-requests", question), Duration.ofMillis(PATIENCE_MS)).get(PATIENCE_MS, TimeUnit.MILLISECONDS).value());
        }
        return answers;
    }

    private static Map<String, Object> assigned(AnnotationConfigApplicationContext context) {
        Map<String, Object> partitions = new TreeMap<>();
        context.getBean(KafkaListenerEndpointRegistry.class).getAllListenerContainers().forEach((container) -> {
            Collection<?> assigned = container.getAssignedPartitions();
            partitions.put(container.getListenerId(), assigned == null ? "" : assigned.toString());
        });
        return partitions;
    }
}

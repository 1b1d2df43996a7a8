// Calls the methods of Kafka's own Admin client one after the other and prints a line of JSON for each, { "call", "answer" }: what it gave, or
// the exception that it raised. What differs from one broker to another by its nature (ids, times, sizes) is left out by the caller.
//   java -cp <Kafka's jars> AdminTour.java <bootstrap> <a word for the names of what is made>

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.serialization.*;

public class AdminTour {
    static final ObjectMapper JSON = new ObjectMapper();
    static String bootstrap;
    static String word;
    static Admin admin;

    public static void main(String[] args) throws Exception {
        bootstrap = args[0];
        word = args[1];
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "default.api.timeout.ms", 15_000, "request.timeout.ms", 10_000);
        try (Admin client = Admin.create(settings)) {
            admin = client;
            topics();
            configs();
            offsetsAndGroups();
            logDirsAndReassignments();
            quotasAndCredentials();
            acls();
            clusterAndQuorum();
            transactions();
            removals();
        }
        Runtime.getRuntime().halt(0);
    }

    static <T> void call(String name, Callable<KafkaFuture<T>> question) throws Exception {
        call(name, question, answer -> answer);
    }

    static <T> void call(String name, Callable<KafkaFuture<T>> question, Function<T, Object> told) throws Exception {
        print(name, ask(question, told));
    }

    /** Asks until what was changed before is to be seen, which on Kafka takes a moment. */
    static <T> void callUntil(String name, Predicate<String> seen, Callable<KafkaFuture<T>> question, Function<T, Object> told) throws Exception {
        String answer = ask(question, told);
        for (int tries = 0; tries < 100 && !seen.test(answer); tries++) {
            Thread.sleep(100);
            answer = ask(question, told);
        }
        print(name, answer);
    }

    static Predicate<String> with(String text) {
        return answer -> answer.contains(text);
    }

    static Predicate<String> without(String text) {
        return answer -> !answer.contains(text);
    }

    static void print(String name, String answer) throws Exception {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("call", name);
        line.put("answer", answer);
        System.out.println(JSON.writeValueAsString(line));
    }

    static <T> String ask(Callable<KafkaFuture<T>> question, Function<T, Object> told) throws Exception {
        String answer;
        try {
            answer = String.valueOf(told.apply(question.call().get(20, TimeUnit.SECONDS)));
        } catch (ExecutionException exception) {
            answer = exception.getCause().getClass().getSimpleName() + ": " + exception.getCause().getMessage();
        } catch (RuntimeException | java.util.concurrent.TimeoutException exception) {
            answer = exception.getClass().getSimpleName() + ": " + exception.getMessage();
        }
        return answer;
    }

    /** Of a map of futures what each gives, in the order of the names. */
    static <K, V> void callEach(String name, Callable<Map<K, KafkaFuture<V>>> question, Function<V, Object> told) throws Exception {
        Map<String, KafkaFuture<V>> futures = new TreeMap<>();
        question.call().forEach((key, future) -> futures.put(String.valueOf(key), future));
        for (var each : futures.entrySet()) call(name + " " + each.getKey(), each::getValue, told);
    }

    static Object sorted(Collection<?> values) {
        return values.stream().map(String::valueOf).sorted().toList();
    }

    static Object sorted(Map<?, ?> values) {
        return sorted(values.entrySet());
    }

    static void topics() throws Exception {
        List<NewTopic> wishes = List.of(
            new NewTopic(word, 2, (short) 1).configs(Map.of("retention.ms", "86400000")),
            new NewTopic(word + "-assigned", Map.of(0, List.of(1), 1, List.of(1))),
            new NewTopic(word + "-wide", 1, (short) 3),
            new NewTopic("not a name", 1, (short) 1),
            new NewTopic(word + "-default", Optional.empty(), Optional.empty()));
        callEach("createTopics validate", () -> admin.createTopics(wishes, new CreateTopicsOptions().validateOnly(true)).values(), v -> v);
        CreateTopicsResult created = admin.createTopics(wishes);
        callEach("createTopics", created::values, v -> v);
        call("createTopics partitions", () -> created.numPartitions(word));
        call("createTopics replication", () -> created.replicationFactor(word));
        call("createTopics config", () -> created.config(word), config -> config.get("retention.ms"));
        callEach("createTopics again", () -> admin.createTopics(List.of(new NewTopic(word, 1, (short) 1))).values(), v -> v);
        callUntil("listTopics", with(word + "-default"), () -> admin.listTopics().names(), names -> sorted(names.stream().filter(each -> each.startsWith(word)).toList()));
        callEach("describeTopics", () -> admin.describeTopics(List.of(word, word + "-absent")).topicNameValues(), AdminTour::topic);
        Uuid id = admin.describeTopics(List.of(word)).allTopicNames().get().get(word).topicId();
        call("describeTopics by id", () -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).topicIdValues().get(id), AdminTour::topic);
        callEach("describeTopics operations", () -> admin.describeTopics(List.of(word), new DescribeTopicsOptions().includeAuthorizedOperations(true)).topicNameValues(),
            topic -> sorted(topic.authorizedOperations()));
        callEach("createPartitions", () -> admin.createPartitions(Map.of(word, NewPartitions.increaseTo(3), word + "-assigned", NewPartitions.increaseTo(3, List.of(List.of(1))), word + "-absent", NewPartitions.increaseTo(2))).values(), v -> v);
        callEach("createPartitions fewer", () -> admin.createPartitions(Map.of(word, NewPartitions.increaseTo(1))).values(), v -> v);
        callEach("createPartitions elsewhere", () -> admin.createPartitions(Map.of(word, NewPartitions.increaseTo(4, List.of(List.of(9))))).values(), v -> v);
    }

    static Object topic(TopicDescription topic) {
        return topic.name() + " internal=" + topic.isInternal() + " " + topic.partitions().stream()
            .map(each -> each.partition() + " " + each.leader().id() + " " + each.replicas().size() + " " + each.isr().size() + " " + each.elr()).toList();
    }

    static void configs() throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, word);
        ConfigResource absent = new ConfigResource(ConfigResource.Type.TOPIC, word + "-absent");
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        ConfigResource all = new ConfigResource(ConfigResource.Type.BROKER, "");
        ConfigResource other = new ConfigResource(ConfigResource.Type.BROKER, "9");
        ConfigResource loggers = new ConfigResource(ConfigResource.Type.BROKER_LOGGER, "1");
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, word);
        ConfigResource metrics = new ConfigResource(ConfigResource.Type.CLIENT_METRICS, word);
        callEach("incrementalAlterConfigs validate", () -> admin.incrementalAlterConfigs(Map.of(topic, List.of(alter("retention.ms", "x", AlterConfigOp.OpType.SET))), new AlterConfigsOptions().validateOnly(true)).values(), v -> v);
        callEach("incrementalAlterConfigs", () -> admin.incrementalAlterConfigs(Map.of(
            topic, List.of(alter("cleanup.policy", "compact", AlterConfigOp.OpType.APPEND), alter("segment.ms", "3600000", AlterConfigOp.OpType.SET)),
            absent, List.of(alter("retention.ms", "1", AlterConfigOp.OpType.SET)),
            broker, List.of(alter("log.cleaner.threads", "2", AlterConfigOp.OpType.SET)),
            all, List.of(alter("log.cleaner.backoff.ms", "14000", AlterConfigOp.OpType.SET)),
            group, List.of(alter("consumer.session.timeout.ms", "50000", AlterConfigOp.OpType.SET)),
            metrics, List.of(alter("interval.ms", "60000", AlterConfigOp.OpType.SET), alter("metrics", "a.b,c", AlterConfigOp.OpType.SET)))).values(), v -> v);
        callEach("incrementalAlterConfigs of nobody", () -> admin.incrementalAlterConfigs(Map.of(other, List.of(alter("log.cleaner.threads", "2", AlterConfigOp.OpType.SET))), new AlterConfigsOptions().timeoutMs(2000)).values(), v -> v);
        callEach("incrementalAlterConfigs wrong", () -> admin.incrementalAlterConfigs(Map.of(
            topic, List.of(alter("no.such", "1", AlterConfigOp.OpType.SET)),
            broker, List.of(alter("node.id", "3", AlterConfigOp.OpType.SET)),
            group, List.of(alter("consumer.session.timeout.ms", "1", AlterConfigOp.OpType.SET)),
            metrics, List.of(alter("interval.ms", "1", AlterConfigOp.OpType.SET)))).values(), v -> v);
        for (ConfigResource each : List.of(topic, all, group, metrics, absent))
            callUntil("describeConfigs " + each, answer -> answer.matches(".*(compact|14000|50000|a\\.b|Exception).*"), () -> admin.describeConfigs(List.of(each), new DescribeConfigsOptions().includeSynonyms(true)).values().get(each), AdminTour::set);
        call("describeConfigs of nobody", () -> admin.describeConfigs(List.of(other), new DescribeConfigsOptions().timeoutMs(2000)).values().get(other), AdminTour::set);
        callUntil("describeConfigs broker", with("value=2"), () -> admin.describeConfigs(List.of(broker)).values().get(broker),
            config -> config.get("log.cleaner.threads") + " " + config.get("log.cleaner.backoff.ms"));
        call("describeConfigs loggers", () -> admin.describeConfigs(List.of(loggers)).values().get(loggers), config -> config.entries().isEmpty());
        callEach("incrementalAlterConfigs back", () -> admin.incrementalAlterConfigs(Map.of(
            topic, List.of(alter("cleanup.policy", "compact", AlterConfigOp.OpType.SUBTRACT), alter("segment.ms", "", AlterConfigOp.OpType.DELETE)),
            broker, List.of(alter("log.cleaner.threads", "", AlterConfigOp.OpType.DELETE)),
            all, List.of(alter("log.cleaner.backoff.ms", "", AlterConfigOp.OpType.DELETE)))).values(), v -> v);
        callUntil("describeConfigs topic again", without("compact"), () -> admin.describeConfigs(List.of(topic)).values().get(topic), AdminTour::set);
        callUntil("listConfigResources", answer -> answer.contains("GROUP") && answer.contains("METRICS"), () -> admin.listConfigResources(Set.of(ConfigResource.Type.CLIENT_METRICS, ConfigResource.Type.GROUP), new ListConfigResourcesOptions()).all(), AdminTour::sorted);
        call("listConfigResources brokers", () -> admin.listConfigResources(Set.of(ConfigResource.Type.BROKER, ConfigResource.Type.BROKER_LOGGER), new ListConfigResourcesOptions()).all(), AdminTour::sorted);
        call("listConfigResources topics", () -> admin.listConfigResources(Set.of(ConfigResource.Type.TOPIC), new ListConfigResourcesOptions()).all(),
            found -> sorted(found.stream().filter(each -> each.name().startsWith(word)).toList()));
        call("listClientMetricsResources", () -> admin.listClientMetricsResources().all(), AdminTour::sorted);
        callEach("incrementalAlterConfigs away", () -> admin.incrementalAlterConfigs(Map.of(
            group, List.of(alter("consumer.session.timeout.ms", "", AlterConfigOp.OpType.DELETE)),
            metrics, List.of(alter("interval.ms", "", AlterConfigOp.OpType.DELETE), alter("metrics", "", AlterConfigOp.OpType.DELETE)))).values(), v -> v);
    }

    static AlterConfigOp alter(String name, String value, AlterConfigOp.OpType type) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    /** What is not by default. */
    static Object set(Config config) {
        return sorted(config.entries().stream().filter(each -> each.source() != ConfigEntry.ConfigSource.DEFAULT_CONFIG && each.source() != ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG)
            .map(each -> each.name() + "=" + each.value() + " " + each.source() + " " + each.type() + " " + each.isReadOnly() + each.isSensitive()).toList());
    }

    static void offsetsAndGroups() throws Exception {
        TopicPartition zero = new TopicPartition(word, 0);
        TopicPartition one = new TopicPartition(word, 1);
        TopicPartition absent = new TopicPartition(word + "-absent", 0);
        Map<String, Object> producing = Map.of("bootstrap.servers", bootstrap, "enable.idempotence", false);
        try (var producer = new KafkaProducer<>(producing, new StringSerializer(), new StringSerializer())) {
            for (int at = 0; at < 5; at++) producer.send(new ProducerRecord<>(word, 0, 1000L + at, "k", "v" + at)).get();
        }
        callEach("listOffsets", () -> {
            var result = admin.listOffsets(Map.of(zero, OffsetSpec.latest(), one, OffsetSpec.earliest()));
            return Map.of(zero, result.partitionResult(zero), one, result.partitionResult(one));
        }, v -> v);
        for (var spec : new TreeMap<>(Map.of("max", OffsetSpec.maxTimestamp(), "time", OffsetSpec.forTimestamp(1002), "local", OffsetSpec.earliestLocal(), "tiered", OffsetSpec.latestTiered())).entrySet())
            call("listOffsets " + spec.getKey(), () -> admin.listOffsets(Map.of(zero, spec.getValue())).partitionResult(zero));
        call("listOffsets absent", () -> admin.listOffsets(Map.of(absent, OffsetSpec.latest()), new ListOffsetsOptions().timeoutMs(3000)).partitionResult(absent), v -> v);
        call("deleteRecords", () -> admin.deleteRecords(Map.of(zero, RecordsToDelete.beforeOffset(2))).lowWatermarks().get(zero), DeletedRecords::lowWatermark);
        call("deleteRecords beyond", () -> admin.deleteRecords(Map.of(zero, RecordsToDelete.beforeOffset(99))).lowWatermarks().get(zero));

        Map<String, Object> consuming = Map.of("bootstrap.servers", bootstrap, "group.id", word, "group.instance.id", word + "-i", "client.id", "tour", "auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(consuming, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(word));
            for (int count = 0; count < 3; ) count += consumer.poll(Duration.ofMillis(200)).count();
            consumer.commitSync();
            call("listGroups", () -> admin.listGroups().all(), found -> sorted(found.stream().filter(each -> each.groupId().equals(word)).toList()));
            call("listGroups by state", () -> admin.listGroups(new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE)).withTypes(Set.of(GroupType.CLASSIC))).all(),
                found -> sorted(found.stream().filter(each -> each.groupId().equals(word)).toList()));
            call("listConsumerGroups", () -> admin.listConsumerGroups().all(), found -> sorted(found.stream().filter(each -> each.groupId().equals(word)).toList()));
            callEach("describeConsumerGroups", () -> admin.describeConsumerGroups(List.of(word, word + "-absent")).describedGroups(), AdminTour::group);
            callEach("describeClassicGroups", () -> admin.describeClassicGroups(List.of(word)).describedGroups(),
                found -> found.protocol() + " " + found.protocolData() + " " + found.state() + " " + found.members().size() + " " + found.isSimpleConsumerGroup());
            call("deleteConsumerGroups live", () -> admin.deleteConsumerGroups(List.of(word)).all());
            call("alterConsumerGroupOffsets live", () -> admin.alterConsumerGroupOffsets(word, Map.of(zero, new OffsetAndMetadata(3))).all());
            call("deleteConsumerGroupOffsets live", () -> admin.deleteConsumerGroupOffsets(word, Set.of(zero)).partitionResult(zero));
        }
        call("removeMembersFromConsumerGroup unknown", () -> admin.removeMembersFromConsumerGroup(word, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("nobody")))).all());
        call("removeMembersFromConsumerGroup", () -> admin.removeMembersFromConsumerGroup(word, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove(word + "-i")))).all());
        callEach("describeConsumerGroups empty", () -> admin.describeConsumerGroups(List.of(word)).describedGroups(), AdminTour::group);
        call("listConsumerGroupOffsets", () -> admin.listConsumerGroupOffsets(word).partitionsToOffsetAndMetadata(), AdminTour::sorted);
        call("alterConsumerGroupOffsets", () -> admin.alterConsumerGroupOffsets(word, Map.of(zero, new OffsetAndMetadata(3, "by hand"), one, new OffsetAndMetadata(0))).all());
        call("alterConsumerGroupOffsets absent", () -> admin.alterConsumerGroupOffsets(word, Map.of(absent, new OffsetAndMetadata(3))).all());
        call("listConsumerGroupOffsets altered", () -> admin.listConsumerGroupOffsets(word, new ListConsumerGroupOffsetsOptions().requireStable(true)).partitionsToOffsetAndMetadata(), AdminTour::sorted);
        call("deleteConsumerGroupOffsets", () -> admin.deleteConsumerGroupOffsets(word, Set.of(zero)).partitionResult(zero));
        call("deleteConsumerGroupOffsets absent", () -> admin.deleteConsumerGroupOffsets(word, Set.of(absent)).partitionResult(absent));
        callEach("deleteConsumerGroups", () -> admin.deleteConsumerGroups(List.of(word, word + "-absent")).deletedGroups(), v -> v);
    }

    static Object group(ConsumerGroupDescription group) {
        return group.groupId() + " " + group.type() + " " + group.groupState() + " " + group.partitionAssignor() + " " + group.isSimpleConsumerGroup() + " "
            + group.members().stream().map(each -> each.clientId() + " " + each.host() + " " + each.groupInstanceId() + " " + sorted(each.assignment().topicPartitions())).toList();
    }

    static void logDirsAndReassignments() throws Exception {
        TopicPartition zero = new TopicPartition(word, 0);
        TopicPartition absent = new TopicPartition(word + "-absent", 0);
        call("describeLogDirs", () -> admin.describeLogDirs(List.of(1)).descriptions().get(1), folders -> folders.values().stream()
            .map(each -> each.error() + " " + sorted(each.replicaInfos().entrySet().stream().filter(replica -> replica.getKey().topic().equals(word)).toList())).toList());
        call("describeLogDirs absent", () -> admin.describeLogDirs(List.of(9), new DescribeLogDirsOptions().timeoutMs(3000)).descriptions().get(9), v -> "found");
        TopicPartitionReplica replica = new TopicPartitionReplica(word, 0, 1);
        call("describeReplicaLogDirs", () -> admin.describeReplicaLogDirs(List.of(replica)).values().get(replica), found -> found.getCurrentReplicaOffsetLag() + " " + found.getFutureReplicaLogDir());
        callEach("alterReplicaLogDirs", () -> admin.alterReplicaLogDirs(Map.of(replica, "/absent")).values(), v -> v);
        callEach("electLeaders", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(zero, absent)).partitions().get().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, each -> KafkaFuture.completedFuture(each.getValue()))), v -> v);
        callEach("alterPartitionReassignments", () -> admin.alterPartitionReassignments(Map.of(
            zero, Optional.of(new NewPartitionReassignment(List.of(1))), new TopicPartition(word, 1), Optional.of(new NewPartitionReassignment(List.of(9))),
            new TopicPartition(word, 2), Optional.empty(), absent, Optional.of(new NewPartitionReassignment(List.of(1))))).values(), v -> v);
        call("listPartitionReassignments", () -> admin.listPartitionReassignments().reassignments());
        call("listPartitionReassignments of", () -> admin.listPartitionReassignments(Set.of(zero)).reassignments());
    }

    static void quotasAndCredentials() throws Exception {
        ClientQuotaEntity user = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, word));
        callEach("alterClientQuotas", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(user, List.of(
            new ClientQuotaAlteration.Op("consumer_byte_rate", 2048.0), new ClientQuotaAlteration.Op("request_percentage", 50.0))))).values(), v -> v);
        callEach("alterClientQuotas fraction", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(user, List.of(new ClientQuotaAlteration.Op("consumer_byte_rate", 0.5))))).values(), v -> v);
        callEach("alterClientQuotas wrong", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(user, List.of(new ClientQuotaAlteration.Op("speed", 1.0))))).values(), v -> v);
        callUntil("describeClientQuotas", with(word), () -> admin.describeClientQuotas(ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.USER, word)))).entities(), AdminTour::sorted);
        callEach("alterClientQuotas away", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(user, List.of(
            new ClientQuotaAlteration.Op("consumer_byte_rate", null), new ClientQuotaAlteration.Op("request_percentage", null))))).values(), v -> v);
        callUntil("describeClientQuotas none", without(word), () -> admin.describeClientQuotas(ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.USER, word)))).entities(), AdminTour::sorted);
        callEach("alterUserScramCredentials", () -> admin.alterUserScramCredentials(List.of(
            new UserScramCredentialUpsertion(word, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), "secret"),
            new UserScramCredentialUpsertion(word + "-weak", new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 1), "secret"),
            new UserScramCredentialDeletion(word + "-absent", ScramMechanism.SCRAM_SHA_256))).values(), v -> v);
        callUntil("describeUserScramCredentials", with("4096"), () -> admin.describeUserScramCredentials(List.of(word)).description(word), v -> v);
        call("describeUserScramCredentials absent", () -> admin.describeUserScramCredentials(List.of(word + "-absent")).description(word + "-absent"));
        callEach("alterUserScramCredentials away", () -> admin.alterUserScramCredentials(List.of(new UserScramCredentialDeletion(word, ScramMechanism.SCRAM_SHA_256))).values(), v -> v);
        call("createDelegationToken", () -> admin.createDelegationToken().delegationToken());
        call("renewDelegationToken", () -> admin.renewDelegationToken(new byte[] {1}).expiryTimestamp());
        call("expireDelegationToken", () -> admin.expireDelegationToken(new byte[] {1}).expiryTimestamp());
        call("describeDelegationToken", () -> admin.describeDelegationToken().delegationTokens());
    }

    static void acls() throws Exception {
        AclBinding allow = new AclBinding(new ResourcePattern(ResourceType.TOPIC, word, PatternType.PREFIXED), new AccessControlEntry("User:tour", "*", AclOperation.READ, AclPermissionType.ALLOW));
        AclBinding wrong = new AclBinding(new ResourcePattern(ResourceType.CLUSTER, "other", PatternType.LITERAL), new AccessControlEntry("User:tour", "*", AclOperation.ALL, AclPermissionType.DENY));
        AclBindingFilter ofTour = new AclBindingFilter(ResourcePatternFilter.ANY, new AccessControlEntryFilter("User:tour", null, AclOperation.ANY, AclPermissionType.ANY));
        callEach("createAcls", () -> admin.createAcls(List.of(allow, wrong)).values(), v -> v);
        callUntil("describeAcls", with(word), () -> admin.describeAcls(ofTour).values(), AdminTour::sorted);
        call("describeAcls matching", () -> admin.describeAcls(new AclBindingFilter(new ResourcePatternFilter(ResourceType.TOPIC, word + "-x", PatternType.MATCH), AccessControlEntryFilter.ANY)).values(), AdminTour::sorted);
        callEach("deleteAcls", () -> admin.deleteAcls(List.of(ofTour)).values(), found -> sorted(found.values().stream().map(each -> each.binding() + " " + each.exception()).toList()));
        callUntil("describeAcls none", without(word), () -> admin.describeAcls(ofTour).values(), AdminTour::sorted);
    }

    static void clusterAndQuorum() throws Exception {
        DescribeClusterResult cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true).includeFencedBrokers(true));
        call("describeCluster nodes", cluster::nodes, nodes -> nodes.stream().map(each -> each.id() + " " + each.rack() + " " + each.isFenced()).toList());
        call("describeCluster controller", cluster::controller, Node::id);
        call("describeCluster operations", cluster::authorizedOperations, AdminTour::sorted);
        call("describeMetadataQuorum", () -> admin.describeMetadataQuorum().quorumInfo(), quorum -> quorum.leaderId() + " " + quorum.voters().size() + " " + quorum.observers().size() + " " + quorum.nodes().keySet());
        call("describeFeatures", () -> admin.describeFeatures().featureMetadata(), features -> Stream.of("metadata.version", "eligible.leader.replicas.version", "transaction.version")
            .map(each -> each + " " + features.supportedFeatures().get(each) + " " + features.finalizedFeatures().get(each)).toList());
        call("updateFeatures", () -> admin.updateFeatures(Map.of("transaction.version", new FeatureUpdate((short) 99, FeatureUpdate.UpgradeType.UPGRADE)), new UpdateFeaturesOptions().validateOnly(true)).all());
        call("updateFeatures unknown", () -> admin.updateFeatures(Map.of("no.such", new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE)), new UpdateFeaturesOptions().validateOnly(true)).all());
        call("unregisterBroker", () -> admin.unregisterBroker(99).all());
        call("addRaftVoter", () -> admin.addRaftVoter(9, Uuid.ONE_UUID, Set.of(new RaftVoterEndpoint("CONTROLLER", "127.0.0.1", 1))).all());
        call("removeRaftVoter", () -> admin.removeRaftVoter(9, Uuid.ONE_UUID).all());
        call("clientInstanceId", () -> KafkaFuture.completedFuture(admin.clientInstanceId(Duration.ofSeconds(2))), v -> "given");
    }

    static void transactions() throws Exception {
        TopicPartition zero = new TopicPartition(word, 0);
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "transactional.id", word, "transaction.timeout.ms", 60_000);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(word, 0, "k", "v")).get();
            call("describeProducers", () -> admin.describeProducers(List.of(zero)).partitionResult(zero), found -> found.activeProducers().size() + " " + found.activeProducers().get(0).currentTransactionStartOffset());
            call("listTransactions", () -> admin.listTransactions(new ListTransactionsOptions().filterOnTransactionalIdPattern(word + ".*")).all(), found -> found.stream().map(each -> each.transactionalId() + " " + each.state()).toList());
            callEach("describeTransactions", () -> {
                var result = admin.describeTransactions(List.of(word, word + "-absent"));
                return Map.of(word, result.description(word), word + "-absent", result.description(word + "-absent"));
            }, found -> found.state() + " " + found.transactionTimeoutMs() + " " + found.topicPartitions());
            callEach("fenceProducers", () -> admin.fenceProducers(List.of(word)).fencedProducers(), v -> v);
            call("abortTransaction of nobody", () -> admin.abortTransaction(new AbortTransactionSpec(zero, 987654, (short) 0, 0)).all());
            call("forceTerminateTransaction", () -> admin.forceTerminateTransaction(word).result());
        }
    }

    static void removals() throws Exception {
        callEach("deleteTopics", () -> admin.deleteTopics(List.of(word, word + "-assigned", word + "-default", word + "-absent")).topicNameValues(), v -> v);
        call("deleteTopics by id", () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(new Uuid(7, 7)))).all());
        callUntil("describeTopics gone", with("Exception"), () -> admin.describeTopics(List.of(word)).topicNameValues().get(word), AdminTour::topic);
    }
}

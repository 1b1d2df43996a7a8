// Kafka's own assignors of the coordinator, asked over standard input and output, a line of JSON each way:
//
//   { "assignor", "topics": { id: partitions }, "members": [{ "memberId", "instanceId", "rackId", "topicIds", "current": { id: [partition] } }] }
//   → [{ id: [partition] }]                                 what each member gets, in the order of the members
//   … with "forMs": how long to go on
//   → { "firstMs", "laterMs" }                              what the first call took, and of the thread's CPU each one of the second half of the time
//
// Where time is not measured members are kept in the order in which they are given, so that equals are taken in the same order as by others;
// Kafka itself keeps them in a hash map.
//   java -cp <Kafka's jars> KafkaAssignors.java

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.GroupAssignment;
import org.apache.kafka.coordinator.group.api.assignor.GroupSpec;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;
import org.apache.kafka.coordinator.group.modern.Assignment;
import org.apache.kafka.coordinator.group.modern.GroupSpecImpl;
import org.apache.kafka.coordinator.group.modern.MemberSubscriptionAndAssignmentImpl;

public final class KafkaAssignors {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    public static void main(String[] arguments) throws Exception {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            JsonNode question = JSON.readTree(line);
            System.out.println(JSON.writeValueAsString(question.has("forMs") ? timed(question) : assigned(question)));
        }
    }

    private static List<Map<String, TreeSet<Integer>>> assigned(JsonNode question) {
        GroupAssignment assignment = assignorOf(question).assign(groupOf(question, new LinkedHashMap<>()), topicsOf(question));
        List<Map<String, TreeSet<Integer>>> answers = new ArrayList<>();
        for (JsonNode member : question.get("members")) {
            Map<String, TreeSet<Integer>> answer = new TreeMap<>();
            var part = assignment.members().get(member.get("memberId").asText());
            if (part != null) part.partitions().forEach((id, partitions) -> answer.put(id.toString(), new TreeSet<>(partitions)));
            answers.add(answer);
        }
        return answers;
    }

    private static Map<String, Object> timed(JsonNode question) {
        ConsumerGroupPartitionAssignor assignor = assignorOf(question);
        GroupSpec group = groupOf(question, new HashMap<>());
        SubscribedTopicDescriber topics = topicsOf(question);
        long began = System.nanoTime();
        call(assignor, group, topics);
        double firstMs = (System.nanoTime() - began) / 1e6;
        long halfNs = question.get("forMs").asLong() * 500_000;
        callFor(halfNs, assignor, group, topics);
        long cpuBefore = THREADS.getCurrentThreadCpuTime();
        int calls = callFor(halfNs, assignor, group, topics);
        return Map.of("firstMs", firstMs, "laterMs", (THREADS.getCurrentThreadCpuTime() - cpuBefore) / 1e6 / calls);
    }

    private static int callFor(long ns, ConsumerGroupPartitionAssignor assignor, GroupSpec group, SubscribedTopicDescriber topics) {
        int calls = 0;
        for (long began = System.nanoTime(); calls == 0 || System.nanoTime() - began < ns; calls++) call(assignor, group, topics);
        return calls;
    }

    private static void call(ConsumerGroupPartitionAssignor assignor, GroupSpec group, SubscribedTopicDescriber topics) {
        if (assignor.assign(group, topics).members().isEmpty()) throw new IllegalStateException("nobody got anything");
    }

    private static ConsumerGroupPartitionAssignor assignorOf(JsonNode question) {
        return question.get("assignor").asText().equals("range") ? new RangeAssignor() : new UniformAssignor();
    }

    private static GroupSpec groupOf(JsonNode question, Map<String, MemberSubscriptionAndAssignmentImpl> members) {
        Map<Set<Uuid>, Set<Uuid>> subscriptions = new HashMap<>();
        Map<Uuid, Map<Integer, String>> owners = new HashMap<>();
        for (JsonNode member : question.get("members")) {
            Set<Uuid> topicIds = new HashSet<>();
            for (JsonNode id : member.get("topicIds")) topicIds.add(Uuid.fromString(id.asText()));
            Map<Uuid, Set<Integer>> current = new HashMap<>();
            String memberId = member.get("memberId").asText();
            member.get("current").fields().forEachRemaining(entry -> {
                Uuid id = Uuid.fromString(entry.getKey());
                for (JsonNode partition : entry.getValue()) {
                    current.computeIfAbsent(id, one -> new HashSet<>()).add(partition.asInt());
                    owners.computeIfAbsent(id, one -> new HashMap<>()).put(partition.asInt(), memberId);
                }
            });
            Optional<String> rackId = Optional.ofNullable(member.get("rackId").textValue());
            Optional<String> instanceId = Optional.ofNullable(member.get("instanceId").textValue());
            Set<Uuid> shared = subscriptions.computeIfAbsent(topicIds, one -> one);
            members.put(memberId, new MemberSubscriptionAndAssignmentImpl(rackId, instanceId, shared, new Assignment(current)));
        }
        return new GroupSpecImpl(members, subscriptions.size() == 1 ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS, owners);
    }

    /** Replicas of partition p are in racks r0 to r2, without the one of p % 3. */
    private static SubscribedTopicDescriber topicsOf(JsonNode question) {
        Map<Uuid, Integer> counts = new HashMap<>();
        question.get("topics").fields().forEachRemaining(entry -> counts.put(Uuid.fromString(entry.getKey()), entry.getValue().asInt()));
        return new SubscribedTopicDescriber() {
            @Override
            public int numPartitions(Uuid topicId) {
                return counts.getOrDefault(topicId, -1);
            }

            @Override
            public Set<String> racksForPartition(Uuid topicId, int partition) {
                return Set.of("r" + (partition + 1) % 3, "r" + (partition + 2) % 3);
            }
        };
    }
}

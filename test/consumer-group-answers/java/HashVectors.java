// Prints hashes that Apache Kafka's own coordinator makes of topics of many sizes, with racks and without, and of groups that subscribe to
// the first so many of them, as JSON.
//
//   java -cp KAFKA_JARS test/consumer-group-answers/java/HashVectors.java > test/facts/metadata-hashes.json

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.common.runtime.CoordinatorMetadataImage;
import org.apache.kafka.coordinator.group.Utils;

public class HashVectors {
  private static final String[] NAMES = {"t", "orders", "a.name-of_249", "payments"};
  private static final int[] SIZES = {1, 2, 3, 10, 20, 21, 23, 40, 47, 50, 51, 54, 55, 100, 248, 252, 1000};
  private static final String[][] RACKS = {{}, {"r1"}, {"rack-b", "rack-a", "r"}};

  public static void main(String[] arguments) {
    Map<String, Long> hashes = new LinkedHashMap<>();
    List<String> topics = new ArrayList<>();
    long seed = 1;
    for (int size : SIZES) {
      for (String[] racks : RACKS) {
        String name = NAMES[(int) (seed % NAMES.length)] + "-" + seed;
        Uuid id = new Uuid(seed * 0x9E3779B97F4A7C15L, seed * 0xC2B2AE3D27D4EB4FL);
        seed++;
        long hash = Utils.computeTopicHash(name, imageOf(name, id, size, racks));
        hashes.put(name, hash);
        List<String> quoted = new ArrayList<>();
        for (String rack : racks) quoted.add("\"" + rack + "\"");
        String racksText = "[" + String.join(",", quoted) + "]";
        topics.add(String.format(
            " {\"name\":\"%s\",\"id\":\"%s\",\"partitionCount\":%d,\"racks\":%s,\"hash\":\"%d\"}", name, id, size, racksText, hash));
      }
    }
    List<String> groups = new ArrayList<>();
    List<String> names = new ArrayList<>(hashes.keySet());
    for (int count = 0; count <= names.size(); count += count < 4 ? 1 : 7) {
      Map<String, Long> some = new HashMap<>();
      for (String name : names.subList(0, count)) some.put(name, hashes.get(name));
      groups.add(String.format(" {\"topicCount\":%d,\"hash\":\"%d\"}", count, Utils.computeGroupHash(some)));
    }
    System.out.println("{\"topics\":[\n" + String.join(",\n", topics) + "\n],\"groups\":[\n" + String.join(",\n", groups) + "\n]}");
  }

  private static CoordinatorMetadataImage imageOf(String name, Uuid id, int size, String[] racks) {
    Object topic = Proxy.newProxyInstance(
        HashVectors.class.getClassLoader(),
        new Class<?>[] {CoordinatorMetadataImage.TopicMetadata.class},
        (proxy, method, values) -> switch (method.getName()) {
          case "name" -> name;
          case "id" -> id;
          case "partitionCount" -> size;
          case "partitionRacks" -> new ArrayList<>(List.of(racks));
          default -> throw new UnsupportedOperationException(method.getName());
        });
    return (CoordinatorMetadataImage) Proxy.newProxyInstance(
        HashVectors.class.getClassLoader(),
        new Class<?>[] {CoordinatorMetadataImage.class},
        (proxy, method, values) -> {
          if (method.getName().equals("topicMetadata")) return Optional.of(topic);
          throw new UnsupportedOperationException(method.getName());
        });
  }
}

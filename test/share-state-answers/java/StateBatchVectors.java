// Prints what Apache Kafka's own share coordinator makes of batches of records in different states, many of them by chance, as JSON: what is known,
// what comes, from which offset on, and what it comes to; each batch as [first, last, state, count].
//
//   java -cp KAFKA_JARS test/share-state-answers/java/StateBatchVectors.java [COUNT] > test/facts/state-batches.json

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.coordinator.share.PersisterStateBatchCombiner;
import org.apache.kafka.server.share.persister.PersisterStateBatch;

public class StateBatchVectors {
  private static final byte[] STATES = {0, 2, 4};

  public static void main(String[] arguments) {
    int count = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 400;
    Random random = new Random(932);
    List<String> lines = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      int range = 4 + random.nextInt(30);
      List<PersisterStateBatch> known = new PersisterStateBatchCombiner(List.of(), batches(random, range), -1).combineStateBatches();
      List<PersisterStateBatch> changed = batches(random, range);
      long start = random.nextInt(3) == 0 ? -1 : random.nextInt(range / 2);
      List<PersisterStateBatch> combined = new PersisterStateBatchCombiner(known, changed, start).combineStateBatches();
      lines.add(String.format(" {\"known\":%s,\"changed\":%s,\"start\":%d,\"combined\":%s}", text(known), text(changed), start, text(combined)));
    }
    System.out.println("[\n" + String.join(",\n", lines) + "\n]");
  }

  private static List<PersisterStateBatch> batches(Random random, int range) {
    List<PersisterStateBatch> batches = new ArrayList<>();
    for (int left = random.nextInt(7); left > 0; left--) {
      int first = random.nextInt(range);
      int last = first + random.nextInt(range - first);
      batches.add(new PersisterStateBatch(first, last, STATES[random.nextInt(3)], (short) (1 + random.nextInt(3))));
    }
    return batches;
  }

  private static String text(List<PersisterStateBatch> batches) {
    List<String> each = new ArrayList<>();
    for (PersisterStateBatch batch : batches) {
      each.add(String.format("[%d,%d,%d,%d]", batch.firstOffset(), batch.lastOffset(), batch.deliveryState(), batch.deliveryCount()));
    }
    return "[" + String.join(",", each) + "]";
  }
}

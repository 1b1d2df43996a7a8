// Every call of Kafka's Admin client that the command line tools do not make, each of them once. Refusals are printed and passed over.
// Run as a source file: java AdminTour.java BOOTSTRAP

import java.time.Duration;
import java.util.*;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.*;

public class AdminTour {
  interface Call { KafkaFuture<?> run() throws Exception; }

  static void call(String name, Call call) {
    try {
      System.out.println(name + ": " + call.run().get(20, TimeUnit.SECONDS));
    } catch (Throwable refusal) {
      System.out.println("refused " + name + ": " + (refusal.getCause() == null ? refusal : refusal.getCause()));
    }
  }

  public static void main(String[] args) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("client.id", "admin-tour");
    TopicPartition zero = new TopicPartition("golden", 0);
    TopicPartition one = new TopicPartition("golden", 1);
    ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "golden");
    ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
    try (Admin admin = Admin.create(settings)) {
      call("createTopics assigned", () -> admin.createTopics(List.of(new NewTopic("golden-assigned", Map.of(0, List.of(1), 1, List.of(1))),
          new NewTopic("not a name", 1, (short) 1), new NewTopic("golden-wide", 1, (short) 5))).all());
      call("createTopics validate", () -> admin.createTopics(List.of(new NewTopic("golden-validated", 2, (short) 1)), new CreateTopicsOptions().validateOnly(true)).all());
      call("createPartitions", () -> admin.createPartitions(Map.of("golden-assigned", NewPartitions.increaseTo(3, List.of(List.of(1))))).all());
      call("describeTopics with operations", () -> admin.describeTopics(List.of("golden", "golden-absent"), new DescribeTopicsOptions().includeAuthorizedOperations(true).partitionSizeLimitPerResponse(2)).allTopicNames());
      call("describeCluster", () -> admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true)).authorizedOperations());
      call("describeConfigs documented", () -> admin.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.GROUP, "golden-group")), new DescribeConfigsOptions().includeDocumentation(true).includeSynonyms(true)).all());
      call("describeConfigs broker", () -> admin.describeConfigs(List.of(broker, topic)).all());
      call("incrementalAlterConfigs", () -> admin.incrementalAlterConfigs(Map.of(topic, List.of(new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
          new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE)))).all());
      call("incrementalAlterConfigs wrong", () -> admin.incrementalAlterConfigs(Map.of(topic, List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "soon"), AlterConfigOp.OpType.SET)))).all());
      call("listConfigResources", () -> admin.listConfigResources().all());
      call("listOffsets", () -> admin.listOffsets(Map.of(zero, OffsetSpec.latest(), one, OffsetSpec.maxTimestamp(), new TopicPartition("golden", 99), OffsetSpec.earliest()),
          new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)).all());
      call("listOffsets tiered", () -> admin.listOffsets(Map.of(zero, OffsetSpec.earliestLocal(), one, OffsetSpec.latestTiered())).all());
      call("alterConsumerGroupOffsets", () -> admin.alterConsumerGroupOffsets("golden-made", Map.of(zero, new OffsetAndMetadata(3, Optional.of(0), "noted"), one, new OffsetAndMetadata(1))).all());
      call("listConsumerGroupOffsets", () -> admin.listConsumerGroupOffsets(Map.of("golden-made", new ListConsumerGroupOffsetsSpec(), "golden-absent", new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(zero))),
          new ListConsumerGroupOffsetsOptions().requireStable(true)).all());
      call("describeConsumerGroups", () -> admin.describeConsumerGroups(List.of("golden-made", "golden-next", "golden-absent"), new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true)).all());
      call("describeClassicGroups", () -> admin.describeClassicGroups(List.of("golden-made", "golden-absent")).all());
      call("listGroups filtered", () -> admin.listGroups(new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY)).withTypes(Set.of(GroupType.CLASSIC, GroupType.CONSUMER))).all());
      call("deleteConsumerGroupOffsets", () -> admin.deleteConsumerGroupOffsets("golden-made", Set.of(zero)).all());
      call("removeMembersFromConsumerGroup", () -> admin.removeMembersFromConsumerGroup("golden-made", new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("static-1")))).all());
      call("deleteConsumerGroups", () -> admin.deleteConsumerGroups(List.of("golden-made", "golden-absent")).all());
      call("alterClientQuotas", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(new ClientQuotaEntity(Collections.singletonMap("user", null)),
          List.of(new ClientQuotaAlteration.Op("consumer_byte_rate", 1e6), new ClientQuotaAlteration.Op("request_percentage", null))))).all());
      call("describeClientQuotas", () -> admin.describeClientQuotas(ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofDefaultEntity("user")))).entities());
      call("alterUserScramCredentials", () -> admin.alterUserScramCredentials(List.of(
          new UserScramCredentialUpsertion("bob", new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), "golden"), new UserScramCredentialDeletion("carol", ScramMechanism.SCRAM_SHA_256))).all());
      call("describeUserScramCredentials", () -> admin.describeUserScramCredentials(List.of("bob", "carol")).all());
      call("createDelegationToken", () -> admin.createDelegationToken(new CreateDelegationTokenOptions().maxLifetimeMs(60000)).delegationToken());
      call("renewDelegationToken", () -> admin.renewDelegationToken(new byte[] {1, 2, 3}).expiryTimestamp());
      call("expireDelegationToken", () -> admin.expireDelegationToken(new byte[] {1, 2, 3}).expiryTimestamp());
      call("listPartitionReassignments", () -> admin.listPartitionReassignments().reassignments());
      call("alterPartitionReassignments", () -> admin.alterPartitionReassignments(Map.of(zero, Optional.of(new NewPartitionReassignment(List.of(1))), one, Optional.empty())).all());
      call("electLeaders", () -> admin.electLeaders(ElectionType.UNCLEAN, Set.of(zero)).all());
      call("describeReplicaLogDirs", () -> admin.describeReplicaLogDirs(List.of(new TopicPartitionReplica("golden", 0, 1))).all());
      call("alterReplicaLogDirs", () -> admin.alterReplicaLogDirs(Map.of(new TopicPartitionReplica("golden", 0, 1), "/absent")).all());
      call("describeProducers", () -> admin.describeProducers(List.of(zero)).all());
      call("listTransactions", () -> admin.listTransactions(new ListTransactionsOptions().filterStates(Set.of(TransactionState.COMPLETE_COMMIT)).filterOnDuration(10)).all());
      call("describeTransactions", () -> admin.describeTransactions(List.of("golden-tx", "golden-absent")).all());
      call("fenceProducers", () -> admin.fenceProducers(List.of("golden-tx")).all());
      call("abortTransaction", () -> admin.abortTransaction(new AbortTransactionSpec(zero, 77, (short) 0, 0)).all());
      call("describeFeatures", () -> admin.describeFeatures().featureMetadata());
      call("updateFeatures", () -> admin.updateFeatures(Map.of("share.version", new FeatureUpdate((short) 99, FeatureUpdate.UpgradeType.UPGRADE)), new UpdateFeaturesOptions().validateOnly(true)).all());
      call("unregisterBroker", () -> admin.unregisterBroker(99).all());
      call("describeMetadataQuorum", () -> admin.describeMetadataQuorum().quorumInfo());
      call("addRaftVoter", () -> admin.addRaftVoter(9, Uuid.ONE_UUID, Set.of(new RaftVoterEndpoint("CONTROLLER", "127.0.0.1", 1))).all());
      call("removeRaftVoter", () -> admin.removeRaftVoter(9, Uuid.ONE_UUID).all());
      call("deleteRecords", () -> admin.deleteRecords(Map.of(one, RecordsToDelete.beforeOffset(-1), zero, RecordsToDelete.beforeOffset(1L << 40))).all());
      call("clientInstanceId", () -> { admin.clientInstanceId(Duration.ofSeconds(5)); return KafkaFuture.completedFuture(null); });
      call("deleteTopics", () -> admin.deleteTopics(List.of("golden-assigned", "golden-absent")).all());
    }
  }
}

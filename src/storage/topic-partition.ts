/** A partition by the name of its topic; `partition` counts from 0. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The name of its folder and its key in maps: "orders-3". */
export function topicPartitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

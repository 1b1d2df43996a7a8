// Who can take part in a benchmark.

/**
 * kafka: Apache Kafka from the reference tool. against: the broker of `--against`. kfake: franz-go's imitation in memory. sink: raw
 * Node, which knows of Produce and Fetch only and checks nothing; sink+crc: the same with the checksum of every batch.
 */
export const CONTENDERS = ["odradek", "kafka", "against", "kfake", "sink", "sink+crc"] as const;
export type ContenderName = (typeof CONTENDERS)[number];

// Settings of a broker for tests of groups: members hear of what is new within some milliseconds.

export const QUICK_GROUPS = {
  "offsets.topic.num.partitions": 1,
  "group.consumer.min.heartbeat.interval.ms": 10,
  "group.consumer.heartbeat.interval.ms": 30,
  "group.consumer.assignment.interval.ms": 0,
};

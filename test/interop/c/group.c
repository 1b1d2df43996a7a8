// The group membership of this process, and what groups have committed.
#include "client.h"
#include <stdlib.h>
#include <string.h>

static rd_kafka_t *member;
static Places taken;

bool join(const Json *args, Text *result) {
  (void)result;
  const char *const protocol = json_text(args, "protocol");
  const bool is_classic = protocol == NULL || strcmp(protocol, "classic") == 0;
  Settings classic = { "auto.offset.reset", "earliest", "session.timeout.ms", "6000", "heartbeat.interval.ms", "500", NULL };
  Settings newer = { "auto.offset.reset", "earliest", "group.protocol", "consumer", NULL };
  places_clear(&taken);
  member = new_reader(json_text(args, "group"), is_classic ? classic : newer);
  rd_kafka_topic_partition_list_t *const topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, json_text(args, "topic"), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(member, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return error == 0 || refuse_code(error);
}

void member_idle(void) {
  rd_kafka_message_t *const message = member == NULL ? NULL : rd_kafka_consumer_poll(member, 20);
  if (message == NULL) return;
  if (message->err == 0) {
    Text json = { 0 };
    text_add(&json, "{\"partition\":%d,\"offset\":%lld,\"value\":", message->partition, (long long)message->offset);
    text_add_quoted(&json, message->payload, message->len);
    text_add(&json, "}");
    places_add(&taken, message->partition, message->offset, json);
    // Where a rebalance came in between the next owner reads the record again.
    rd_kafka_commit_message(member, message, 0);
  }
  rd_kafka_message_destroy(message);
}

static int by_number(const void *first, const void *second) {
  return *(const int32_t *)first - *(const int32_t *)second;
}

bool assignment(const Json *args, Text *result) {
  (void)args;
  rd_kafka_topic_partition_list_t *list;
  const rd_kafka_resp_err_t error = rd_kafka_assignment(member, &list);
  if (error != 0) return refuse_code(error);
  int32_t *const own = calloc((size_t)list->cnt + 1, sizeof *own);
  for (int index = 0; index < list->cnt; index++) own[index] = list->elems[index].partition;
  qsort(own, (size_t)list->cnt, sizeof *own, by_number);
  text_add(result, "[");
  for (int index = 0; index < list->cnt; index++) text_add(result, "%s%d", index == 0 ? "" : ",", own[index]);
  text_add(result, "]");
  free(own);
  rd_kafka_topic_partition_list_destroy(list);
  return true;
}

bool received(const Json *args, Text *result) {
  (void)args;
  places_write(&taken, result);
  return true;
}

bool leave(const Json *args, Text *result) {
  (void)args, (void)result;
  close_reader(member);
  member = NULL;
  return true;
}

bool committed(const Json *args, Text *result) {
  Settings none = { NULL };
  rd_kafka_t *const reader = new_reader(json_text(args, "group"), none);
  rd_kafka_topic_partition_list_t *const places = partitions_of(args, RD_KAFKA_OFFSET_INVALID);
  const rd_kafka_resp_err_t error = rd_kafka_committed(reader, places, CALL_MS);
  for (int index = 0; index < places->cnt; index++) {
    const int64_t offset = places->elems[index].offset;
    text_add(result, "%s%lld%s", index == 0 ? "[" : ",", (long long)(offset < 0 ? -1 : offset), index == places->cnt - 1 ? "]" : "");
  }
  rd_kafka_topic_partition_list_destroy(places);
  close_reader(reader);
  return error == 0 || refuse_code(error);
}

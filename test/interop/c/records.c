// Producers, with transactions and without, and readers outside groups.
#include "client.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static rd_kafka_resp_err_t send_one(rd_kafka_t *producer, const char *topic, const Json *record) {
  const Json *const key = json_get(record, "key"), *const value = json_get(record, "value"), *const named = json_get(record, "headers");
  rd_kafka_headers_t *const headers = rd_kafka_headers_new(2);
  for (const Json *each = named == NULL ? NULL : named->first; each != NULL; each = each->next) {
    const Json *const name = each->first, *const content = name->next;
    rd_kafka_header_add(headers, name->text, (ssize_t)name->length, content->text, (ssize_t)content->length);
  }
  const rd_kafka_resp_err_t error =
    rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION((int32_t)json_number(record, "partition", 0)),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key->text, key->length), RD_KAFKA_V_VALUE(value->text, value->length),
                      RD_KAFKA_V_TIMESTAMP(json_number(record, "timestampMs", 0)), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
  if (error != 0) rd_kafka_headers_destroy(headers);
  return error;
}

static bool send_all(rd_kafka_t *producer, const Json *args) {
  for (const Json *each = json_get(args, "records")->first; each != NULL; each = each->next) {
    const rd_kafka_resp_err_t error = send_one(producer, json_text(args, "topic"), each);
    if (error != 0) return refuse_code(error);
  }
  return true;
}

bool produce(const Json *args, Text *result) {
  const char *const codec = json_text(args, "codec");
  const Json *const is_idempotent = json_get(args, "isIdempotent");
  char acks[8];
  snprintf(acks, sizeof acks, "%d", (int)json_number(args, "acks", -1));
  Settings settings = { "compression.type", codec == NULL ? "none" : codec,
                        "acks", acks,
                        "enable.idempotence", is_idempotent != NULL && is_idempotent->number != 0 ? "true" : "false",
                        "linger.ms", "50",
                        "message.max.bytes", "10000000",
                        "message.timeout.ms", "20000",
                        "allow.auto.create.topics", "false",
                        NULL };
  Deliveries deliveries = { 0 };
  rd_kafka_t *const producer = new_client(RD_KAFKA_PRODUCER, settings, &deliveries);
  bool is_done = send_all(producer, args);
  rd_kafka_flush(producer, CALL_MS);
  rd_kafka_destroy(producer);
  if (is_done && deliveries.error != 0) is_done = refuse_code(deliveries.error);
  if (is_done) places_write(&deliveries.places, result);
  places_clear(&deliveries.places);
  return is_done;
}

bool produce_steadily(const Json *args, Text *result) {
  Settings settings = { "message.timeout.ms", "60000", "linger.ms", "0", "allow.auto.create.topics", "false", NULL };
  const struct timespec pause = { json_number(args, "everyMs", 0) / 1000, json_number(args, "everyMs", 0) % 1000 * 1000000 };
  const Json *const partitions = json_get(args, "partitions"), *partition = partitions->first;
  Deliveries deliveries = { 0 };
  rd_kafka_t *const producer = new_client(RD_KAFKA_PRODUCER, settings, &deliveries);
  Text acknowledged = { 0 }, refused = { 0 };
  for (int index = 0; index < json_number(args, "count", 0); index++) {
    char value[16];
    const size_t length = (size_t)snprintf(value, sizeof value, "%d", index);
    rd_kafka_resp_err_t error =
      rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(json_text(args, "topic")), RD_KAFKA_V_PARTITION((int32_t)partition->number),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, length), RD_KAFKA_V_END);
    rd_kafka_flush(producer, 70000);
    if (error == 0) error = deliveries.error;
    deliveries.error = 0;
    Text *const list = error == 0 ? &acknowledged : &refused;
    text_add(list, "%s\"%s\"", list->length == 0 ? "" : ",", error == 0 ? value : rd_kafka_err2name(error));
    partition = partition->next == NULL ? partitions->first : partition->next;
    nanosleep(&pause, NULL);
  }
  rd_kafka_destroy(producer);
  places_clear(&deliveries.places);
  text_add(result, "{\"acknowledged\":[%s],\"refused\":[%s]}", acknowledged.length == 0 ? "" : acknowledged.bytes, refused.length == 0 ? "" : refused.bytes);
  free(acknowledged.bytes);
  free(refused.bytes);
  return true;
}

/** The producers of transactions that this process has, and whether their transaction is open. */
typedef struct Transactional {
  char *id;
  rd_kafka_t *producer;
  bool is_open;
  struct Transactional *next;
} Transactional;

static Transactional *transactional;

/** The one with this id, a new one if there is none yet; NULL where it is refused. */
static Transactional *transactional_of(const char *id) {
  for (Transactional *each = transactional; each != NULL; each = each->next)
    if (strcmp(each->id, id) == 0) return each;
  Settings settings = { "transactional.id", id, "linger.ms", "0", NULL };
  rd_kafka_t *const producer = new_client(RD_KAFKA_PRODUCER, settings, NULL);
  if (!check(rd_kafka_init_transactions(producer, CALL_MS))) {
    rd_kafka_destroy(producer);
    return NULL;
  }
  Transactional *const made = calloc(1, sizeof *made);
  *made = (Transactional){ strdup(id), producer, false, transactional };
  transactional = made;
  return made;
}

static bool add_offsets(rd_kafka_t *producer, const Json *offsets) {
  Settings none = { NULL };
  rd_kafka_t *const reader = new_reader(json_text(offsets, "group"), none);
  rd_kafka_consumer_group_metadata_t *const metadata = rd_kafka_consumer_group_metadata(reader);
  rd_kafka_topic_partition_list_t *const places = rd_kafka_topic_partition_list_new(1);
  const int32_t partition = (int32_t)json_number(offsets, "partition", 0);
  rd_kafka_topic_partition_list_add(places, json_text(offsets, "topic"), partition)->offset = json_number(offsets, "offset", 0);
  const bool is_done = check(rd_kafka_send_offsets_to_transaction(producer, places, metadata, CALL_MS));
  rd_kafka_topic_partition_list_destroy(places);
  rd_kafka_consumer_group_metadata_destroy(metadata);
  close_reader(reader);
  return is_done;
}

bool transact(const Json *args, Text *result) {
  (void)result;
  const char *const end = json_text(args, "end");
  Transactional *const known = transactional_of(json_text(args, "id"));
  if (known == NULL) return false;
  if (!known->is_open && !check(rd_kafka_begin_transaction(known->producer))) return false;
  known->is_open = strcmp(end, "open") == 0;
  if (!send_all(known->producer, args)) return false;
  const Json *const offsets = json_get(args, "offsets");
  if (offsets != NULL && !add_offsets(known->producer, offsets)) return false;
  rd_kafka_flush(known->producer, CALL_MS);
  if (strcmp(end, "commit") == 0) return check(rd_kafka_commit_transaction(known->producer, CALL_MS));
  return known->is_open || check(rd_kafka_abort_transaction(known->producer, CALL_MS));
}

static Text record_text(const rd_kafka_message_t *message) {
  Text text = { 0 };
  rd_kafka_timestamp_type_t type;
  text_add(&text, "{\"partition\":%d,\"offset\":%lld,\"timestampMs\":%lld,\"key\":", message->partition, (long long)message->offset,
           (long long)rd_kafka_message_timestamp(message, &type));
  text_add_quoted(&text, message->key, message->key_len);
  text_add(&text, ",\"value\":");
  text_add_quoted(&text, message->payload, message->len);
  text_add(&text, ",\"headers\":[");
  rd_kafka_headers_t *headers;
  if (rd_kafka_message_headers(message, &headers) == 0) {
    const char *name;
    const void *content;
    size_t length;
    for (size_t index = 0; rd_kafka_header_get_all(headers, index, &name, &content, &length) == 0; index++) {
      text_add(&text, index == 0 ? "[" : ",[");
      text_add_quoted(&text, name, strlen(name));
      text_add(&text, ",");
      text_add_quoted(&text, content, length);
      text_add(&text, "]");
    }
  }
  text_add(&text, "]}");
  return text;
}

/** Reads up to so many records until the deadline. @param ends where given, the partitions that have been read to their end are counted there */
static bool take(rd_kafka_t *reader, Places *seen, size_t count, int64_t deadline_ms, int *ends, int all_ends) {
  while (seen->count < count && (ends == NULL || *ends < all_ends) && now_ms() < deadline_ms) {
    rd_kafka_message_t *const message = rd_kafka_consumer_poll(reader, 100);
    if (message == NULL) continue;
    const rd_kafka_resp_err_t error = message->err;
    if (error == 0) places_add(seen, message->partition, message->offset, record_text(message));
    else if (error == RD_KAFKA_RESP_ERR__PARTITION_EOF && ends != NULL) (*ends)++;
    else if (error != RD_KAFKA_RESP_ERR__PARTITION_EOF) refuse(rd_kafka_err2name(error), rd_kafka_message_errstr(message));
    rd_kafka_message_destroy(message);
    if (error != 0 && error != RD_KAFKA_RESP_ERR__PARTITION_EOF) return false;
  }
  return true;
}

/** Sets the offsets to those of the time that they have now. */
static bool at_time(rd_kafka_t *reader, rd_kafka_topic_partition_list_t *places) {
  const rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(reader, places, CALL_MS);
  return error == 0 || refuse_code(error);
}

bool read_records(const Json *args, Text *result) {
  const char *const isolation = json_text(args, "isolation");
  Settings settings = { "isolation.level", isolation == NULL ? "read_committed" : isolation, NULL };
  const Json *const from = json_get(args, "from"), *const time = json_get(from, "timestampMs");
  const int64_t start = time != NULL ? (int64_t)time->number : json_number(from, "offset", RD_KAFKA_OFFSET_BEGINNING);
  rd_kafka_t *const reader = new_reader(NULL, settings);
  rd_kafka_topic_partition_list_t *const places = partitions_of(args, start);
  Places seen = { 0 };
  bool is_done = time == NULL || at_time(reader, places);
  if (is_done) {
    rd_kafka_assign(reader, places);
    is_done = take(reader, &seen, (size_t)json_number(args, "count", 0), now_ms() + json_number(args, "waitMs", 15000), NULL, 0);
  }
  if (is_done) places_write(&seen, result);
  places_clear(&seen);
  rd_kafka_topic_partition_list_destroy(places);
  close_reader(reader);
  return is_done;
}

bool read_new(const Json *args, Text *result) {
  Settings settings = { "enable.partition.eof", "true", NULL };
  rd_kafka_t *const reader = new_reader(NULL, settings);
  rd_kafka_topic_partition_list_t *const places = partitions_of(args, RD_KAFKA_OFFSET_END);
  Places seen = { 0 };
  Text sent = { 0 };
  int ends = 0;
  size_t count = 0;
  for (const Json *each = json_get(args, "records")->first; each != NULL; each = each->next) count++;
  rd_kafka_assign(reader, places);
  const bool is_done = take(reader, &seen, 1, now_ms() + CALL_MS, &ends, places->cnt) && produce(args, &sent) &&
                       take(reader, &seen, count, now_ms() + CALL_MS, NULL, 0);
  if (is_done) places_write(&seen, result);
  free(sent.bytes);
  places_clear(&seen);
  rd_kafka_topic_partition_list_destroy(places);
  close_reader(reader);
  return is_done;
}

bool watermarks(const Json *args, Text *result) {
  Settings none = { NULL };
  rd_kafka_t *const reader = new_reader(NULL, none);
  rd_kafka_resp_err_t error = 0;
  text_add(result, "[");
  for (const Json *each = json_get(args, "partitions")->first; each != NULL && error == 0; each = each->next) {
    int64_t low, high;
    error = rd_kafka_query_watermark_offsets(reader, json_text(args, "topic"), (int32_t)each->number, &low, &high, CALL_MS);
    if (error == 0) text_add(result, "{\"low\":%lld,\"high\":%lld}%s", (long long)low, (long long)high, each->next == NULL ? "" : ",");
  }
  text_add(result, "]");
  close_reader(reader);
  return error == 0 || refuse_code(error);
}

bool offsets_for_time(const Json *args, Text *result) {
  Settings none = { NULL };
  rd_kafka_t *const reader = new_reader(NULL, none);
  rd_kafka_topic_partition_list_t *const places = partitions_of(args, json_number(args, "timestampMs", 0));
  const bool is_done = at_time(reader, places);
  for (int index = 0; index < places->cnt; index++)
    text_add(result, "%s%lld%s", index == 0 ? "[" : ",", (long long)places->elems[index].offset, index == places->cnt - 1 ? "]" : "");
  rd_kafka_topic_partition_list_destroy(places);
  close_reader(reader);
  return is_done;
}

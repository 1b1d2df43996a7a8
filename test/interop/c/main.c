// librdkafka itself, by its C API, as a client program of the interop suite: librdkafka-c BOOTSTRAP. See client-process.ts for the calls.
#include "client.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *bootstrap;
static struct {
  char name[128];
  char message[2048];
} refusal;

bool refuse(const char *name, const char *message) {
  snprintf(refusal.name, sizeof refusal.name, "%s", name);
  snprintf(refusal.message, sizeof refusal.message, "%s", message);
  return false;
}

bool refuse_code(rd_kafka_resp_err_t code) {
  return refuse(rd_kafka_err2name(code), rd_kafka_err2str(code));
}

bool check(rd_kafka_error_t *error) {
  if (error == NULL) return true;
  refuse(rd_kafka_error_name(error), rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  return false;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
  Deliveries *const deliveries = opaque;
  (void)producer;
  if (deliveries == NULL) return;
  if (message->err != 0) {
    if (deliveries->error == 0) deliveries->error = message->err;
    return;
  }
  Text json = { 0 };
  text_add(&json, "{\"partition\":%d,\"offset\":%lld}", message->partition, (long long)message->offset);
  places_add(&deliveries->places, message->partition, message->offset, json);
}

rd_kafka_t *new_client(rd_kafka_type_t type, Settings settings, Deliveries *deliveries) {
  char why[512];
  rd_kafka_conf_t *const conf = rd_kafka_conf_new();
  Settings common = { "bootstrap.servers", bootstrap, "broker.address.family", "v4", NULL };
  const char *const *const both[] = { common, settings };
  for (size_t part = 0; part < 2; part++) {
    for (const char *const *each = both[part]; *each != NULL; each += 2) {
      if (rd_kafka_conf_set(conf, each[0], each[1], why, sizeof why) == RD_KAFKA_CONF_OK) continue;
      fprintf(stderr, "%s=%s: %s\n", each[0], each[1], why);
      exit(1);
    }
  }
  if (type == RD_KAFKA_PRODUCER) {
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, deliveries);
  }
  rd_kafka_t *const client = rd_kafka_new(type, conf, why, sizeof why);
  if (client == NULL) {
    fprintf(stderr, "no client: %s\n", why);
    exit(1);
  }
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client);
  return client;
}

rd_kafka_t *new_reader(const char *group, Settings more) {
  static int readers = 0;
  char own[64];
  snprintf(own, sizeof own, "reader-%d-%d", getpid(), ++readers);
  const char *settings[32] = { "group.id", group == NULL ? own : group, "enable.auto.commit", "false", "auto.offset.reset", "error",
                               "allow.auto.create.topics", "false", "fetch.wait.max.ms", "100" };
  size_t count = 10;
  while (*more != NULL) settings[count++] = *more++;
  settings[count] = NULL;
  return new_client(RD_KAFKA_CONSUMER, settings, NULL);
}

void close_reader(rd_kafka_t *reader) {
  rd_kafka_consumer_close(reader);
  rd_kafka_destroy(reader);
}

rd_kafka_topic_partition_list_t *partitions_of(const Json *args, int64_t offset) {
  rd_kafka_topic_partition_list_t *const list = rd_kafka_topic_partition_list_new(8);
  for (const Json *each = json_get(args, "partitions")->first; each != NULL; each = each->next)
    rd_kafka_topic_partition_list_add(list, json_text(args, "topic"), (int32_t)each->number)->offset = offset;
  return list;
}

void places_add(Places *places, int32_t partition, int64_t offset, Text json) {
  places->all = realloc(places->all, (places->count + 1) * sizeof *places->all);
  places->all[places->count++] = (struct Place){ partition, offset, json.bytes };
}

static int by_place(const void *first, const void *second) {
  const struct Place *const a = first, *const b = second;
  if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
  return (a->offset > b->offset) - (a->offset < b->offset);
}

void places_write(Places *places, Text *result) {
  if (places->count > 0) qsort(places->all, places->count, sizeof *places->all, by_place);
  text_add(result, "[");
  for (size_t index = 0; index < places->count; index++) {
    if (index > 0) text_add(result, ",");
    text_add_bytes(result, places->all[index].json, strlen(places->all[index].json));
  }
  text_add(result, "]");
}

void places_clear(Places *places) {
  for (size_t index = 0; index < places->count; index++) free(places->all[index].json);
  free(places->all);
  *places = (Places){ 0 };
}

static bool about(const Json *args, Text *result) {
  (void)args;
  text_add(result, "{\"version\":\"%s\",\"codecs\":[\"none\",\"gzip\",\"snappy\",\"lz4\",\"zstd\"],\"lacks\":{}}", rd_kafka_version_str());
  return true;
}

static const struct {
  const char *name;
  Call *call;
} CALLS[] = {
  { "about", about },
  { "createTopic", create_topic },
  { "deleteTopic", delete_topic },
  { "partitionCount", partition_count },
  { "listTopics", list_topics },
  { "addPartitions", add_partitions },
  { "describeConfigs", describe_configs },
  { "alterConfigs", alter_configs },
  { "produce", produce },
  { "produceSteadily", produce_steadily },
  { "transact", transact },
  { "read", read_records },
  { "readNew", read_new },
  { "watermarks", watermarks },
  { "offsetsForTime", offsets_for_time },
  { "join", join },
  { "assignment", assignment },
  { "received", received },
  { "leave", leave },
  { "committed", committed },
  { "commit", commit },
  { "listGroups", list_groups },
  { "describeGroup", describe_group },
  { "deleteGroup", delete_group },
};

static void answer(const char *line) {
  Json *const asked = json_read(line);
  const char *const name = json_text(asked, "call");
  Text result = { 0 };
  bool is_done = refuse("lacking", name);
  for (size_t index = 0; index < sizeof CALLS / sizeof *CALLS; index++)
    if (strcmp(CALLS[index].name, name) == 0) is_done = CALLS[index].call(json_get(asked, "args"), &result);
  Text out = { 0 };
  text_add(&out, "{\"id\":%lld,", (long long)json_number(asked, "id", 0));
  if (is_done) {
    text_add(&out, "\"result\":");
    if (result.length == 0) text_add(&out, "null");
    else text_add_bytes(&out, result.bytes, result.length);
  } else {
    text_add(&out, "\"refused\":{\"name\":");
    text_add_quoted(&out, refusal.name, strlen(refusal.name));
    text_add(&out, ",\"message\":");
    text_add_quoted(&out, refusal.message, strlen(refusal.message));
    text_add(&out, "}");
  }
  text_add(&out, "}\n");
  fwrite(out.bytes, 1, out.length, stdout);
  fflush(stdout);
  free(out.bytes);
  free(result.bytes);
  json_free(asked);
}

int main(int count, char **args) {
  if (count != 2) return 1;
  bootstrap = args[1];
  Text input = { 0 };
  for (;;) {
    struct pollfd readable = { .fd = STDIN_FILENO, .events = POLLIN };
    if (poll(&readable, 1, 10) == 0) {
      member_idle();
      continue;
    }
    char piece[65536];
    const ssize_t length = read(STDIN_FILENO, piece, sizeof piece);
    if (length <= 0) return 0;
    text_add_bytes(&input, piece, (size_t)length);
    char *end;
    while ((end = memchr(input.bytes, '\n', input.length)) != NULL) {
      *end = 0;
      answer(input.bytes);
      const size_t used = (size_t)(end + 1 - input.bytes);
      input.length -= used;
      memmove(input.bytes, end + 1, input.length);
    }
  }
}

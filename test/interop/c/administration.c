// Topics, their configurations, and groups.
#include "client.h"
#include <stdlib.h>
#include <string.h>

static rd_kafka_t *administration(void) {
  static rd_kafka_t *client = NULL;
  Settings none = { NULL };
  if (client == NULL) client = new_client(RD_KAFKA_PRODUCER, none, NULL);
  return client;
}

/** What one request needs. */
typedef struct {
  rd_kafka_t *client;
  rd_kafka_queue_t *queue;
  rd_kafka_AdminOptions_t *options;
  rd_kafka_event_t *event;
} Request;

static Request begin(rd_kafka_admin_op_t operation) {
  char why[256];
  rd_kafka_t *const client = administration();
  const Request request = { client, rd_kafka_queue_new(client), rd_kafka_AdminOptions_new(client, operation), NULL };
  rd_kafka_AdminOptions_set_request_timeout(request.options, CALL_MS, why, sizeof why);
  // Not of every operation; where it is not, it is refused.
  rd_kafka_AdminOptions_set_operation_timeout(request.options, CALL_MS, why, sizeof why);
  return request;
}

/** Waits for the answer. */
static bool has_answer(Request *request) {
  request->event = rd_kafka_queue_poll(request->queue, 2 * CALL_MS);
  if (request->event == NULL) return refuse_code(RD_KAFKA_RESP_ERR__TIMED_OUT);
  const rd_kafka_resp_err_t error = rd_kafka_event_error(request->event);
  return error == 0 || refuse(rd_kafka_err2name(error), rd_kafka_event_error_string(request->event));
}

/** @returns the same again, so that the last thing a call does is to end its request */
static bool ended(Request *request, bool is_done) {
  if (request->event != NULL) rd_kafka_event_destroy(request->event);
  rd_kafka_AdminOptions_destroy(request->options);
  rd_kafka_queue_destroy(request->queue);
  return is_done;
}

static bool is_topic_done(const rd_kafka_topic_result_t *const *results) {
  const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[0]);
  const char *const message = rd_kafka_topic_result_error_string(results[0]);
  return error == 0 || refuse(rd_kafka_err2name(error), message == NULL ? rd_kafka_err2str(error) : message);
}

bool create_topic(const Json *args, Text *result) {
  (void)result;
  char why[512];
  rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(json_text(args, "topic"), (int)json_number(args, "partitions", 1), 1, why, sizeof why);
  if (topic == NULL) return refuse("NewTopic", why);
  const Json *const configs = json_get(args, "configs");
  for (const Json *each = configs == NULL ? NULL : configs->first; each != NULL; each = each->next)
    rd_kafka_NewTopic_set_config(topic, each->name, each->text);
  Request request = begin(RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_CreateTopics(request.client, &topic, 1, request.options, request.queue);
  rd_kafka_NewTopic_destroy(topic);
  size_t count;
  return ended(&request, has_answer(&request) && is_topic_done(rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(request.event), &count)));
}

bool delete_topic(const Json *args, Text *result) {
  (void)result;
  rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(json_text(args, "topic"));
  Request request = begin(RD_KAFKA_ADMIN_OP_DELETETOPICS);
  rd_kafka_DeleteTopics(request.client, &topic, 1, request.options, request.queue);
  rd_kafka_DeleteTopic_destroy(topic);
  size_t count;
  return ended(&request, has_answer(&request) && is_topic_done(rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(request.event), &count)));
}

bool add_partitions(const Json *args, Text *result) {
  (void)result;
  char why[512];
  rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(json_text(args, "topic"), (size_t)json_number(args, "partitions", 1), why, sizeof why);
  if (more == NULL) return refuse("NewPartitions", why);
  Request request = begin(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS);
  rd_kafka_CreatePartitions(request.client, &more, 1, request.options, request.queue);
  rd_kafka_NewPartitions_destroy(more);
  size_t count;
  return ended(&request, has_answer(&request) &&
                           is_topic_done(rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(request.event), &count)));
}

/** Asked as a consumer does, or else the question would make the topic. @param topic NULL for all */
static bool with_metadata(const char *topic, bool (*use)(const rd_kafka_metadata_t *, const Json *, Text *), const Json *args, Text *result) {
  Settings none = { NULL };
  rd_kafka_t *const reader = new_reader(NULL, none);
  rd_kafka_topic_t *const only = topic == NULL ? NULL : rd_kafka_topic_new(reader, topic, NULL);
  const rd_kafka_metadata_t *metadata;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(reader, topic == NULL, only, &metadata, CALL_MS);
  bool is_done = error == 0 || refuse_code(error);
  if (is_done) {
    is_done = use(metadata, args, result);
    rd_kafka_metadata_destroy(metadata);
  }
  if (only != NULL) rd_kafka_topic_destroy(only);
  close_reader(reader);
  return is_done;
}

static bool write_partition_count(const rd_kafka_metadata_t *metadata, const Json *args, Text *result) {
  (void)args;
  const rd_kafka_metadata_topic_t found = metadata->topics[0];
  if (found.err != 0) return refuse_code(found.err);
  text_add(result, "%d", found.partition_cnt);
  return true;
}

bool partition_count(const Json *args, Text *result) {
  return with_metadata(json_text(args, "topic"), write_partition_count, args, result);
}

static int by_text(const void *first, const void *second) {
  return strcmp(*(const char *const *)first, *(const char *const *)second);
}

/** As a list in order, those that begin so. */
static bool write_names(const char **names, size_t count, const Json *args, Text *result) {
  const char *const prefix = json_text(args, "prefix");
  const char *between = "";
  if (count > 0) qsort(names, count, sizeof *names, by_text);
  text_add(result, "[");
  for (size_t index = 0; index < count; index++) {
    if (strncmp(names[index], prefix, strlen(prefix)) != 0) continue;
    text_add(result, "%s", between);
    text_add_quoted(result, names[index], strlen(names[index]));
    between = ",";
  }
  text_add(result, "]");
  return true;
}

static bool write_topics(const rd_kafka_metadata_t *metadata, const Json *args, Text *result) {
  const char **const names = calloc((size_t)metadata->topic_cnt + 1, sizeof *names);
  for (int index = 0; index < metadata->topic_cnt; index++) names[index] = metadata->topics[index].topic;
  write_names(names, (size_t)metadata->topic_cnt, args, result);
  free(names);
  return true;
}

bool list_topics(const Json *args, Text *result) {
  return with_metadata(NULL, write_topics, args, result);
}

static bool is_resource_done(const rd_kafka_ConfigResource_t *resource) {
  const rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(resource);
  const char *const message = rd_kafka_ConfigResource_error_string(resource);
  return error == 0 || refuse(rd_kafka_err2name(error), message == NULL ? rd_kafka_err2str(error) : message);
}

static void write_configs(const rd_kafka_ConfigResource_t *resource, const Json *names, Text *result) {
  size_t count;
  const rd_kafka_ConfigEntry_t **const entries = rd_kafka_ConfigResource_configs(resource, &count);
  text_add(result, "{");
  for (const Json *name = names->first; name != NULL; name = name->next) {
    const char *value = NULL;
    for (size_t index = 0; index < count; index++)
      if (strcmp(rd_kafka_ConfigEntry_name(entries[index]), name->text) == 0) value = rd_kafka_ConfigEntry_value(entries[index]);
    text_add_quoted(result, name->text, name->length);
    text_add(result, ":");
    text_add_quoted(result, value, value == NULL ? 0 : strlen(value));
    if (name->next != NULL) text_add(result, ",");
  }
  text_add(result, "}");
}

bool describe_configs(const Json *args, Text *result) {
  rd_kafka_ConfigResource_t *asked = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, json_text(args, "topic"));
  Request request = begin(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_DescribeConfigs(request.client, &asked, 1, request.options, request.queue);
  rd_kafka_ConfigResource_destroy(asked);
  if (!has_answer(&request)) return ended(&request, false);
  size_t count;
  const rd_kafka_ConfigResource_t *const found = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(request.event), &count)[0];
  const bool is_done = is_resource_done(found);
  if (is_done) write_configs(found, json_get(args, "names"), result);
  return ended(&request, is_done);
}

bool alter_configs(const Json *args, Text *result) {
  (void)result;
  rd_kafka_ConfigResource_t *altered = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, json_text(args, "topic"));
  for (const Json *each = json_get(args, "configs")->first; each != NULL; each = each->next)
    check(rd_kafka_ConfigResource_add_incremental_config(altered, each->name, RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, each->text));
  Request request = begin(RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS);
  rd_kafka_IncrementalAlterConfigs(request.client, &altered, 1, request.options, request.queue);
  rd_kafka_ConfigResource_destroy(altered);
  if (!has_answer(&request)) return ended(&request, false);
  size_t count;
  const rd_kafka_IncrementalAlterConfigs_result_t *const answer = rd_kafka_event_IncrementalAlterConfigs_result(request.event);
  return ended(&request, is_resource_done(rd_kafka_IncrementalAlterConfigs_result_resources(answer, &count)[0]));
}

static bool is_group_done(const rd_kafka_group_result_t *const *results) {
  const rd_kafka_error_t *error = rd_kafka_group_result_error(results[0]);
  if (error != NULL) return refuse(rd_kafka_error_name(error), rd_kafka_error_string(error));
  const rd_kafka_topic_partition_list_t *const places = rd_kafka_group_result_partitions(results[0]);
  for (int index = 0; places != NULL && index < places->cnt; index++)
    if (places->elems[index].err != 0) return refuse_code(places->elems[index].err);
  return true;
}

bool commit(const Json *args, Text *result) {
  (void)result;
  rd_kafka_topic_partition_list_t *const places = rd_kafka_topic_partition_list_new(8);
  for (const Json *each = json_get(args, "offsets")->first; each != NULL; each = each->next) {
    const int32_t partition = (int32_t)json_number(each, "partition", 0);
    rd_kafka_topic_partition_list_add(places, json_text(args, "topic"), partition)->offset = json_number(each, "offset", 0);
  }
  rd_kafka_AlterConsumerGroupOffsets_t *asked = rd_kafka_AlterConsumerGroupOffsets_new(json_text(args, "group"), places);
  rd_kafka_topic_partition_list_destroy(places);
  Request request = begin(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
  rd_kafka_AlterConsumerGroupOffsets(request.client, &asked, 1, request.options, request.queue);
  rd_kafka_AlterConsumerGroupOffsets_destroy(asked);
  if (!has_answer(&request)) return ended(&request, false);
  size_t count;
  const rd_kafka_AlterConsumerGroupOffsets_result_t *const answer = rd_kafka_event_AlterConsumerGroupOffsets_result(request.event);
  return ended(&request, is_group_done(rd_kafka_AlterConsumerGroupOffsets_result_groups(answer, &count)));
}

bool list_groups(const Json *args, Text *result) {
  Request request = begin(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS);
  rd_kafka_ListConsumerGroups(request.client, request.options, request.queue);
  if (!has_answer(&request)) return ended(&request, false);
  size_t count;
  const rd_kafka_ConsumerGroupListing_t **const found = rd_kafka_ListConsumerGroups_result_valid(rd_kafka_event_ListConsumerGroups_result(request.event), &count);
  const char **const names = calloc(count + 1, sizeof *names);
  for (size_t index = 0; index < count; index++) names[index] = rd_kafka_ConsumerGroupListing_group_id(found[index]);
  write_names(names, count, args, result);
  free(names);
  return ended(&request, true);
}

bool describe_group(const Json *args, Text *result) {
  const char *group = json_text(args, "group");
  Request request = begin(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  rd_kafka_DescribeConsumerGroups(request.client, &group, 1, request.options, request.queue);
  if (!has_answer(&request)) return ended(&request, false);
  size_t count;
  const rd_kafka_DescribeConsumerGroups_result_t *const answer = rd_kafka_event_DescribeConsumerGroups_result(request.event);
  const rd_kafka_ConsumerGroupDescription_t *const found = rd_kafka_DescribeConsumerGroups_result_groups(answer, &count)[0];
  const rd_kafka_error_t *const error = rd_kafka_ConsumerGroupDescription_error(found);
  if (error != NULL) return ended(&request, refuse(rd_kafka_error_name(error), rd_kafka_error_string(error)));
  text_add(result, "{\"state\":\"%s\",\"members\":%zu}", rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(found)),
           rd_kafka_ConsumerGroupDescription_member_count(found));
  return ended(&request, true);
}

bool delete_group(const Json *args, Text *result) {
  (void)result;
  rd_kafka_DeleteGroup_t *group = rd_kafka_DeleteGroup_new(json_text(args, "group"));
  Request request = begin(RD_KAFKA_ADMIN_OP_DELETEGROUPS);
  rd_kafka_DeleteGroups(request.client, &group, 1, request.options, request.queue);
  rd_kafka_DeleteGroup_destroy(group);
  size_t count;
  return ended(&request, has_answer(&request) && is_group_done(rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(request.event), &count)));
}

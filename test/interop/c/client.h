// What the parts of the program share: refusals, clients of librdkafka, and records by their places.
#pragma once
#include "json.h"
#include <rdkafka.h>

enum { CALL_MS = 20000 };

/** One call: writes its result, or refuses and gives false. */
typedef bool Call(const Json *args, Text *result);

Call create_topic, delete_topic, partition_count, list_topics, add_partitions, describe_configs, alter_configs;
Call commit, list_groups, describe_group, delete_group;
Call produce, produce_steadily, transact, read_records, read_new, watermarks, offsets_for_time;
Call join, assignment, received, leave, committed;

/** Where a member of a group takes and commits a record, when nothing has been asked for a while. */
void member_idle(void);

/** Notes the error that is answered. @returns false */
bool refuse(const char *name, const char *message);
/** With librdkafka's words. */
bool refuse_code(rd_kafka_resp_err_t code);
/** Gives the error back. @returns false; true where there is none */
bool check(rd_kafka_error_t *error);

/** Pairs of names and values, up to a NULL. */
typedef const char *const Settings[];

/** A client with these settings. @param deliveries of a producer: what its records have come to */
struct Deliveries;
rd_kafka_t *new_client(rd_kafka_type_t type, Settings settings, struct Deliveries *deliveries);
/** A consumer that makes no topics and commits nothing by itself. @param group NULL for one of its own */
rd_kafka_t *new_reader(const char *group, Settings more);
void close_reader(rd_kafka_t *reader);

/** The partitions that `args` names, of its topic, each with this offset. The caller destroys it. */
rd_kafka_topic_partition_list_t *partitions_of(const Json *args, int64_t offset);

/** JSON objects by the places of their records. Begins as { 0 }. */
typedef struct {
  struct Place {
    int32_t partition;
    int64_t offset;
    char *json;
  } *all;
  size_t count;
} Places;

/** Takes the text over. */
void places_add(Places *places, int32_t partition, int64_t offset, Text json);
/** As a list in order of partitions and offsets. */
void places_write(Places *places, Text *result);
void places_clear(Places *places);

typedef struct Deliveries {
  Places places;
  rd_kafka_resp_err_t error;
} Deliveries;

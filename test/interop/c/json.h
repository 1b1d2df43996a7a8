// JSON as a client program needs it: what came is read into a tree, what goes is written piece by piece.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Json {
  enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT } kind;
  double number;
  /** Of a text: its bytes, with a 0 behind them that `length` does not count. */
  char *text;
  size_t length;
  /** Of a member of an object. */
  char *name;
  /** Of a list or object. */
  struct Json *first;
  struct Json *next;
} Json;

/** Ends the process where it is not JSON. */
Json *json_read(const char *text);
void json_free(Json *value);
/** NULL where it has no such member, or `object` is NULL. */
const Json *json_get(const Json *object, const char *name);
/** NULL where it is no text. */
const char *json_text(const Json *object, const char *name);
int64_t json_number(const Json *object, const char *name, int64_t otherwise);

/** Text that grows. Begins as { 0 }. */
typedef struct {
  char *bytes;
  size_t length;
  size_t capacity;
} Text;

void text_add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(Text *text, const char *bytes, size_t length);
/** As a JSON string, or null for no bytes at all (NULL). They are UTF-8. */
void text_add_quoted(Text *text, const char *bytes, size_t length);

#include "json.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *at) {
  fprintf(stderr, "not JSON: %.80s\n", at);
  exit(1);
}

static const char *past_spaces(const char *at) {
  return at + strspn(at, " \t\r\n");
}

/** One character of at most three bytes, as Node escapes only what is not printed. */
static size_t write_character(char *to, unsigned code) {
  if (code < 0x80) {
    to[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    to[0] = (char)(0xc0 | code >> 6);
    to[1] = (char)(0x80 | (code & 0x3f));
    return 2;
  }
  to[0] = (char)(0xe0 | code >> 12);
  to[1] = (char)(0x80 | (code >> 6 & 0x3f));
  to[2] = (char)(0x80 | (code & 0x3f));
  return 3;
}

/** `at` is behind the quote. */
static char *read_text(const char **at, size_t *length) {
  const char *end = *at;
  while (*end != '"' && *end != 0) end += *end == '\\' && end[1] != 0 ? 2 : 1;
  if (*end == 0) fail(*at);
  char *text = malloc((size_t)(end - *at) + 1);
  size_t count = 0;
  for (const char *from = *at; from < end; from++) {
    if (*from != '\\') {
      text[count++] = *from;
      continue;
    }
    const char escaped = *++from;
    const char *const found = strchr("b\bf\fn\nr\rt\t", escaped);
    if (escaped == 'u') {
      unsigned code = 0;
      if (sscanf(from + 1, "%4x", &code) != 1) fail(from);
      count += write_character(text + count, code);
      from += 4;
    } else text[count++] = found == NULL ? escaped : found[1];
  }
  text[count] = 0;
  *at = end + 1;
  *length = count;
  return text;
}

static Json *read_value(const char **at);

/** What is in a list or an object, behind its bracket. */
static Json *read_members(const char **at, bool are_named) {
  const char end = are_named ? '}' : ']';
  Json *first = NULL, **last = &first;
  *at = past_spaces(*at);
  while (**at != end) {
    char *name = NULL;
    if (are_named) {
      size_t length;
      if (*(*at)++ != '"') fail(*at);
      name = read_text(at, &length);
      *at = past_spaces(*at);
      if (*(*at)++ != ':') fail(*at);
    }
    Json *member = read_value(at);
    member->name = name;
    *last = member;
    last = &member->next;
    *at = past_spaces(*at);
    if (**at == ',') *at = past_spaces(*at + 1);
    else if (**at != end) fail(*at);
  }
  (*at)++;
  return first;
}

static Json *read_value(const char **at) {
  Json *value = calloc(1, sizeof *value);
  *at = past_spaces(*at);
  const char begin = *(*at)++;
  if (begin == '"') {
    value->kind = JSON_TEXT;
    value->text = read_text(at, &value->length);
  } else if (begin == '[' || begin == '{') {
    value->kind = begin == '[' ? JSON_LIST : JSON_OBJECT;
    value->first = read_members(at, begin == '{');
  } else if (begin == 't' || begin == 'f') {
    value->kind = JSON_BOOL;
    value->number = begin == 't';
    *at += begin == 't' ? 3 : 4;
  } else if (begin == 'n') {
    *at += 3;
  } else {
    char *end;
    value->kind = JSON_NUMBER;
    value->number = strtod(--*at, &end);
    if (end == *at) fail(*at);
    *at = end;
  }
  return value;
}

Json *json_read(const char *text) {
  return read_value(&text);
}

void json_free(Json *value) {
  while (value != NULL) {
    Json *const next = value->next;
    json_free(value->first);
    free(value->text);
    free(value->name);
    free(value);
    value = next;
  }
}

const Json *json_get(const Json *object, const char *name) {
  if (object == NULL || object->kind != JSON_OBJECT) return NULL;
  for (const Json *each = object->first; each != NULL; each = each->next)
    if (strcmp(each->name, name) == 0) return each;
  return NULL;
}

const char *json_text(const Json *object, const char *name) {
  const Json *const found = json_get(object, name);
  return found == NULL ? NULL : found->text;
}

int64_t json_number(const Json *object, const char *name, int64_t otherwise) {
  const Json *const found = json_get(object, name);
  return found == NULL ? otherwise : (int64_t)found->number;
}

void text_add_bytes(Text *text, const char *bytes, size_t length) {
  if (text->length + length + 1 > text->capacity) {
    text->capacity = 2 * (text->length + length + 1);
    text->bytes = realloc(text->bytes, text->capacity);
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = 0;
}

void text_add(Text *text, const char *format, ...) {
  char piece[4096];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(piece, sizeof piece, format, arguments);
  va_end(arguments);
  text_add_bytes(text, piece, (size_t)length < sizeof piece ? (size_t)length : sizeof piece - 1);
}

void text_add_quoted(Text *text, const char *bytes, size_t length) {
  if (bytes == NULL) {
    text_add(text, "null");
    return;
  }
  text_add(text, "\"");
  for (size_t index = 0; index < length; index++) {
    const unsigned char each = (unsigned char)bytes[index];
    if (each < 0x20) text_add(text, "\\u%04x", each);
    else {
      if (each == '"' || each == '\\') text_add_bytes(text, "\\", 1);
      text_add_bytes(text, bytes + index, 1);
    }
  }
  text_add(text, "\"");
}

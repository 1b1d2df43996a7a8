// DeleteTopics (key 20). Versions up to 5 name topics by `topicNames`; 6 by `topics`, each with a name or an id.
// Version 3 may answer TOPIC_DELETION_DISABLED; 4 is flexible; 5 adds messages.

import { array, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { defineApi } from "../schema/message.ts";

const deleteTopicState = struct({
  name: string().nullable().default(null),
  topicId: uuid(),
});

const deletableTopicResult = struct({
  name: string().nullable("6+"),
  topicId: uuid("6+").ignorable(),
  errorCode: int16(),
  errorMessage: string("5+").nullable().default(null).ignorable(),
});

export const deleteTopics = defineApi({
  key: 20,
  name: "DeleteTopics",
  versions: "0-6",
  flexible: "4+",
  request: {
    topics: array(deleteTopicState, "6+").optional(),
    topicNames: array(string(), "0-5").optional().ignorable(),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32("1+", 0).ignorable(),
    responses: array(deletableTopicResult),
  },
});

// The kinds of groups that share one name space: an id belongs to one group of one kind. Streams groups (KIP-1071) join here.

import type { ClassicGroup } from "./classic/classic-group.ts";
import type { ConsumerGroup } from "./consumer/consumer-group.ts";
import type { ShareGroup } from "./share/share-group.ts";
import type { StreamsGroup } from "./streams/streams-group.ts";

export type Group = ClassicGroup | ConsumerGroup | ShareGroup | StreamsGroup;

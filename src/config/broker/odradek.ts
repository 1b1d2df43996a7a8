// Settings of our own: what Kafka has no name for.

import { long } from "../setting.ts";

export const odradekSettings = {
  "odradek.group.disconnected.member.timeout.ms": long(
    -1,
    "A group member whose connection closed is removed after this long, without waiting for its session timeout; -1 waits.",
    { honoured: true, min: -1 },
  ),
};

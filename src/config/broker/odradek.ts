// Settings of our own: what Kafka has no name for.

import { long } from "../setting.ts";

export const odradekSettings = {
  "odradek.group.disconnected.member.timeout.ms": long(
    -1,
    "A group member whose connection closed is removed after this long, without waiting for its session timeout; -1 waits.",
    { honoured: true, min: -1 },
  ),
  // Kafka hands ranges of files to the kernel, and so holds no answers; what is read here is memory of the broker.
  "odradek.queued.max.response.bytes": long(
    134_217_728,
    "Bytes of answers that are held for clients which have not taken them yet, over all connections of a broker; when they are used up, fetches are given little or wait, and connections whose clients take nothing for two seconds are closed.",
    { honoured: true, min: 1_048_576 },
  ),
};

// Settings of our own: what Kafka has no name for.

import { LEAST_MAX_MEMORY_BYTES } from "../memory-shares.ts";
import { bool, int, list, long, password, str } from "../setting.ts";

export const odradekSettings = {
  "odradek.acls": str(
    null,
    'Access rules that a start makes where they are not there yet, and that turn the authorizer on, as a JSON list: ["User:alice allow read,describe topic orders*"].',
    { honoured: true },
  ),
  "odradek.auto.create.after.deletion.ms": long(
    0,
    "For this long after its deletion a topic is not created anew by a client that merely asks for it; CreateTopics creates it at any time.",
    { honoured: true, min: 0 },
  ),
  "odradek.auto.create.answers.created": bool(
    false,
    "Whether the answer to the request that creates a topic automatically tells the topic already; otherwise it says that it is not there yet, and the next one tells it.",
    { honoured: true },
  ),
  "odradek.group.consumer.change.heartbeat.interval.ms": long(
    -1,
    "Members of a group of the consumer protocol that has just changed are asked to be heard of again after this time, and then ever more rarely until their heartbeat interval is reached; -1: always after their heartbeat interval.",
    { honoured: true, min: -1 },
  ),
  "odradek.group.disconnected.member.timeout.ms": long(
    -1,
    "A group member whose connection closed is waited for this long by a rebalance, not until its session timeout; one that was not heard of since its group was loaded three seconds longer; -1 waits.",
    { honoured: true, min: -1 },
  ),
  "odradek.group.share.change.heartbeat.interval.ms": long(
    -1,
    "Members of a share group that has just changed are asked to be heard of again after this time, and then ever more rarely until their heartbeat interval is reached; -1: always after their heartbeat interval.",
    { honoured: true, min: -1 },
  ),
  "odradek.group.streams.change.heartbeat.interval.ms": long(
    -1,
    "Members of a streams group that has just changed are asked to be heard of again after this time, and then ever more rarely until their heartbeat interval is reached; -1: always after their heartbeat interval.",
    { honoured: true, min: -1 },
  ),
  "odradek.http": bool(
    true,
    "Whether HTTP is answered (metrics, health, the schema registry), on the ports of the listeners or on odradek.http.port.",
    {
      honoured: true,
    },
  ),
  "odradek.http.hosts": list(
    [],
    "Names, beside localhost, addresses and the hosts of listeners, by which HTTP may be asked for; other names are refused, so that no web page reaches it by a name of its own.",
    { honoured: true },
  ),
  "odradek.http.port": int(
    null,
    "Port on which HTTP is answered in place of the listeners' own, at the host and on the terms of the first of them; 0: any free one.",
    { honoured: true, min: 0, max: 65_535 },
  ),
  "odradek.http.remote": bool(
    false,
    "Whether HTTP is answered to other machines as well where the listener asks for no login; where it does, it is in any case.",
    { honoured: true },
  ),
  "odradek.max.memory.bytes": long(
    null,
    "Memory that the process may take, as the system counts it; settings that are bounds of memory then have defaults that fit, and whoever sends is slowed down while nearly all of it is taken.",
    { honoured: true, min: LEAST_MAX_MEMORY_BYTES },
  ),
  // Kafka hands ranges of files to the kernel, and so holds no answers; what is read here is memory of the broker.
  "odradek.old.protocol.versions": bool(
    false,
    "Whether the versions of APIs are served that Apache Kafka served up to 3.9 and 4.0 dropped, with the message formats 0 and 1: clients from before Kafka 0.11 need them.",
    { honoured: true },
  ),
  "odradek.queued.max.response.bytes": long(
    134_217_728,
    "Bytes of answers that are held for clients which have not taken them yet, over all connections of a broker; when they are used up, fetches are given little or wait, and connections whose clients took nothing for longest, half a second at least, are closed for those who wait.",
    { honoured: true, min: 1_048_576 },
  ),
  "odradek.registry.port": int(
    null,
    "Port on which the schema registry is answered alone, at the host and on the terms of the first listener, beside where HTTP is; 0: any free one.",
    { honoured: true, min: 0, max: 65_535 },
  ),
  "odradek.tls": bool(
    false,
    "Whether a listener that is given no more than its address speaks TLS; and TLS listeners without a key store of their own have certificates of an authority of this cluster's, which is made once and kept in the data folder.",
    { honoured: true },
  ),
  "odradek.users": password(
    'Users that may log in on SASL listeners, by PLAIN and by SCRAM, as a JSON object of passwords by user: {"alice": "…"}.',
    { honoured: true },
  ),
};

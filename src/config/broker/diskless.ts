// Settings of brokers that keep their records in an object store and what they know of them in a database (src/diskless, src/membership).
// Brokers with a data folder have no use for them.

import { int, long, password, str } from "../setting.ts";

const honoured = true;

export const disklessSettings = {
  "diskless.append.linger.ms": int(
    250,
    "Longest time that batches of all partitions are gathered before they go into one object; less while nothing is under way, and each object is a request that costs.",
    { honoured, min: 0 },
  ),
  "diskless.append.max.bytes": int(8_388_608, "Bytes of gathered batches at which their object is stored without waiting any longer.", {
    honoured,
    min: 1,
  }),
  "diskless.cache.bytes": long(268_435_456, "Memory for what was read from objects.", { honoured, min: 0 }),
  "diskless.cache.dir": str(null, "Folder in which what was read from objects is kept as well; without it, memory alone.", { honoured }),
  "diskless.cache.disk.bytes": long(10_737_418_240, "Bytes that are kept there.", { honoured, min: 0 }),
  "diskless.cluster": password(
    "The PostgreSQL database of the cluster of machines that this broker is one of, postgres://user:password@host:port/database; needs diskless.objects.",
    { honoured },
  ),
  "diskless.object.grace.ms": long(
    600_000,
    "How long an object is kept after nothing refers to it any more: longer than anybody reads it, and than a backup of the database may be old that is brought back.",
    { honoured, min: 0 },
  ),
  "diskless.objects": str(
    null,
    "Where the cluster of machines keeps its records, s3://bucket/prefix; credentials, region and endpoint are those of AWS's own environment variables.",
    { honoured },
  ),
  "diskless.pending.max.bytes": long(
    67_108_864,
    "Bytes of batches that are appended and not stored yet, beyond which producers wait: the bound of memory while the object store is slow or away.",
    { honoured, min: 1 },
  ),
  "diskless.upkeep.interval.ms": long(
    60_000,
    "Interval at which small objects are put together, and those that nothing refers to are looked for.",
    { honoured, min: 1 },
  ),
};

// Connections, and what clients keep open beside them.

import type { Scrape } from "./scrape.ts";

const PREFIX = "kafka_server_socket_server_metrics";
/** There is one event loop. */
const networkProcessor = 0;

export function connectionMetrics({ view: { listeners, services }, out }: Scrape): void {
  const open = listeners();
  const count = out.family("gauge", `${PREFIX}_connection_count`, "Open connections.");
  for (const { name, connectionCount } of open) count(connectionCount, { listener: name, networkProcessor });
  const created = out.family("counter", `${PREFIX}_connection_creation_total`, "Connections taken up.");
  for (const { name, acceptedCount } of open) created(acceptedCount, { listener: name, networkProcessor });
  const closed = out.family("counter", `${PREFIX}_connection_close_total`, "Connections that ended.");
  for (const { name, acceptedCount, connectionCount } of open)
    closed(acceptedCount - connectionCount, { listener: name, networkProcessor });
  const software = out.family("gauge", `${PREFIX}_connections_software`, "Open connections of clients that say what they are.");
  for (const { name: listener, connections } of open) {
    const counts = new Map<string, number>();
    for (const { clientSoftware } of connections)
      if (clientSoftware !== "") counts.set(clientSoftware, (counts.get(clientSoftware) ?? 0) + 1);
    for (const [said, times] of counts) {
      const [clientSoftwareName = "", ...version] = said.split(" ");
      software(times, { clientSoftwareName, clientSoftwareVersion: version.join(" "), listener, networkProcessor });
    }
  }
  const { fetchSessions } = services;
  const sessions = (metric: string) => `kafka_server_fetchsessioncache_${metric}`;
  out.family("gauge", sessions("numincrementalfetchsessions"), "Fetch sessions.")(fetchSessions.count);
  out.family("gauge", sessions("numincrementalfetchpartitionscached"), "Partitions of fetch sessions.")(fetchSessions.partitionCount);
  out.family(
    "counter",
    `${sessions("incrementalfetchsessionevictions")}_total`,
    "Sessions that made room for others.",
  )(fetchSessions.evictionCount);
}

// The JMX exporter of Prometheus' project as Kafka's agent, with rules by which Kafka's figures get the names that its users know them by.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CACHE } from "./broker-under-test.ts";
import { mavenJars } from "./java-program.ts";

const VERSION = "1.0.1";
const QUANTILES = '"0.$N"';

/** The same for names with two, one and no labels of their own. */
function rules(pattern: string, ending: string, type: string, more: Readonly<Record<string, string>> = {}): object[] {
  return [2, 1, 0].map((count) => {
    const labels = Array.from({ length: count }, (_, index) => [`$${4 + 2 * index}`, `$${5 + 2 * index}`] as const);
    const keys = labels.map(() => ", (.+?)=(.+?)").join("");
    const at = 4 + 2 * count;
    const extra = Object.entries(more).map(([label, value]) => [label, value.replace("$N", `$${at}`)] as const);
    return {
      pattern: `kafka\\.([a-z.]+)<type=([^,]+), ${pattern.replace("KEYS", keys)}`,
      name: `kafka_$1_$2_$3${ending}`,
      type,
      labels: Object.fromEntries([...labels, ...extra]),
    };
  });
}

const CONFIGURATION = {
  lowercaseOutputName: true,
  rules: [
    {
      pattern:
        "kafka\\.server<type=socket-server-metrics, clientSoftwareName=(.+), clientSoftwareVersion=(.+), listener=(.+), networkProcessor=(.+)><>connections",
      name: "kafka_server_socket_server_metrics_connections_software",
      type: "GAUGE",
      labels: { clientSoftwareName: "$1", clientSoftwareVersion: "$2", listener: "$3", networkProcessor: "$4" },
    },
    {
      pattern: "kafka\\.server<type=socket-server-metrics, listener=(.+), networkProcessor=(.+)><>([a-z-]+-total)",
      name: "kafka_server_socket_server_metrics_$3",
      type: "COUNTER",
      labels: { listener: "$1", networkProcessor: "$2" },
    },
    {
      pattern: "kafka\\.server<type=socket-server-metrics, listener=(.+), networkProcessor=(.+)><>([a-z-]+)",
      name: "kafka_server_socket_server_metrics_$3",
      type: "GAUGE",
      labels: { listener: "$1", networkProcessor: "$2" },
    },
    ...rules("name=(\\w+)PerSecKEYS><>Count", "_total", "COUNTER"),
    // To a counter the exporter would give another ending.
    ...rules("name=(\\w+)KEYS><>Count", "_count", "UNTYPED"),
    ...rules("name=(\\w+)KEYS><>(\\d+)thPercentile", "", "GAUGE", { quantile: QUANTILES.replaceAll('"', "") }),
    ...rules("name=([\\w-]+)KEYS><>Value", "", "GAUGE"),
  ],
};

/** Gives what the JVM takes to be scraped at a port. */
export async function jmxExporter(port: number): Promise<string> {
  const jars = dirname(
    await mavenJars({ version: `jmx-${VERSION}`, artifacts: [`io.prometheus.jmx:jmx_prometheus_javaagent:${VERSION}`] }),
  );
  const jar = readdirSync(jars).find((name) => name.startsWith("jmx_prometheus_javaagent"));
  if (jar === undefined) throw new Error(`there is no agent in ${jars}`);
  const file = join(CACHE, "jmx-exporter.yml");
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(file, JSON.stringify(CONFIGURATION));
  return `-javaagent:${join(jars, jar)}=127.0.0.1:${port}:${file}`;
}

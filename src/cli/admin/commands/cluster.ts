// `odradek cluster`: brokers, features, sizes of logs, metrics that clients pushed.

import type { Command } from "commander";
import { describeWholeCluster, listFeatures } from "../../../client/admin/cluster.ts";
import { logDirectoriesOf } from "../../../client/admin/log-dirs.ts";
import { S3_PRICES } from "../../../membership/month-cost.ts";
import type { LabelValue, MetricPoint } from "../../../telemetry/otlp.ts";
import type { PushedMetrics } from "../../../telemetry/pushed-metrics.ts";
import { lastPushedMetrics } from "../client-metrics.ts";
import { type Admin, type AdminOptions, group } from "../command-group.ts";
import { printRows } from "../table.ts";
import { adoptObjects } from "./adoption.ts";
import { type MachinesOptions, printMachines } from "./machines.ts";

interface ClusterOptions extends MachinesOptions {
  readonly cluster?: string;
  readonly adopt?: boolean;
  readonly objects?: string;
  readonly force?: boolean;
}

export function addCluster(program: Command, { terminal, add }: Admin): void {
  const cluster = group(program, "cluster", "print brokers, features, sizes of logs and metrics of clients")
    .enablePositionalOptions()
    .option(
      "--cluster <url>",
      "print what the database of a cluster of machines says: brokers, leases, what waits, what is stored and costs",
    )
    .option("--put-price <dollars>", `with --cluster: price of 1,000 requests to put or list objects, ${S3_PRICES.put} by default`)
    .option("--get-price <dollars>", `with --cluster: price of 1,000 requests to read objects, ${S3_PRICES.get} by default`)
    .option("--storage-price <dollars>", `with --cluster: price of a GB for a month, ${S3_PRICES.storage} by default`)
    .option(
      "--adopt",
      "with --cluster and --objects: the records are this database's from now on, to which the cluster was moved by a dump",
    )
    .option("--objects <url>", "with --adopt: where the records are, as s3://bucket/prefix")
    .option("--force", "with --adopt: although objects are missing")
    .option("--json", "print JSON")
    .action(async (given: ClusterOptions) => {
      const url = given.cluster ?? terminal.environment["KAFKA_DISKLESS_CLUSTER"];
      if (url === undefined) cluster.help();
      else if (given.adopt === true) {
        const objects = given.objects ?? terminal.environment["KAFKA_DISKLESS_OBJECTS"];
        await adoptObjects({ url, objects, isForced: given.force === true }, terminal);
      } else await printMachines(url, given, terminal);
    });
  add(cluster, "brokers", async (brokers, { json }) => {
    const { id, controllerId, brokers: listed } = await describeWholeCluster(brokers, { isWithFenced: true });
    if (json !== true) terminal.out(`cluster ${id}\n`);
    const rows = listed.map((broker) => ({
      broker: broker.id,
      host: broker.host,
      port: broker.port,
      rack: broker.rack,
      fenced: broker.isFenced,
      controller: broker.id === controllerId,
    }));
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no brokers." });
  }).description("print the brokers");
  add(cluster, "features", async (brokers, { json }) => {
    const rows = (await listFeatures(brokers)).features.map(({ name, min, max, finalized }) => ({
      feature: name,
      level: finalized,
      lowest: min,
      highest: max,
    }));
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no features." });
  }).description("print the features and their levels");
  add(cluster, "sizes", async (brokers, { json }) => {
    const rows = [];
    for (const { id } of await brokers.all())
      for (const { path, logs } of await logDirectoriesOf(brokers, id))
        for (const { topic, partition, sizeBytes } of logs) rows.push({ broker: id, topic, partition, bytes: sizeBytes, folder: path });
    printRows(terminal, rows, { isJson: json === true, nothing: "There are no logs." });
  }).description("print how large each partition's log is");
  add<AdminOptions & { readonly client?: string }>(cluster, "client-metrics", async (brokers, { json, client }) => {
    const pushed = (await lastPushedMetrics(brokers)).filter(
      ({ clientInstanceId, clientId }) => client === undefined || client === clientInstanceId || client === clientId,
    );
    if (json === true) terminal.out(`${JSON.stringify(pushed)}\n`);
    else {
      const rows = client === undefined ? pushed.map(clientRow) : pushed.flatMap(metricRows);
      printRows(terminal, rows, { isJson: false, nothing: "No client has pushed metrics; kafka-client-metrics --alter asks for them." });
    }
  })
    .description("print what clients have pushed of their metrics, each the last time")
    .option("-c, --client <id>", "the values of one client, by its id or instance id");
}

function clientRow(pushed: PushedMetrics) {
  const { clientId, clientInstanceId, softwareName, softwareVersion, sourceAddress, brokerId, pushedAt, isTerminating, metrics } = pushed;
  return {
    client: clientId,
    instance: clientInstanceId,
    software: `${softwareName} ${softwareVersion}`,
    address: sourceAddress,
    broker: brokerId,
    pushed: pushedAt,
    ended: isTerminating,
    metrics: metrics.length,
  };
}

function metricRows({ clientInstanceId, metrics }: PushedMetrics) {
  return metrics.flatMap(({ name, type, unit, points }) =>
    points.map((point) => ({
      instance: clientInstanceId,
      metric: name,
      labels: Object.entries(point.labels).map(([label, value]: [string, LabelValue]) => `${label}=${value}`),
      type,
      value: shownValue(point),
      unit: unit ?? null,
    })),
  );
}

/** Of a distribution its mean and how much it is of. */
function shownValue({ value, count, sum }: MetricPoint): number | string | null {
  if (count === undefined) return value ?? null;
  return `${count === 0 || typeof sum !== "number" ? "-" : sum / count} (${count})`;
}

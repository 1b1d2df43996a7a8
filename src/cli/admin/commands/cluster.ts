// `odradek cluster`: brokers, features, sizes of logs.

import type { Command } from "commander";
import { describeWholeCluster, listFeatures } from "../cluster.ts";
import { logDirectoriesOf } from "../log-dirs.ts";
import { type Admin, group } from "../program.ts";
import { printRows } from "../table.ts";

export function addCluster(program: Command, { terminal, add }: Admin): void {
  const cluster = group(program, "cluster", "print brokers, features and sizes of logs");
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
}

// `kafka-cluster`: the cluster's id and endpoints, and removing a broker.

import { describeWholeCluster, unregister } from "../../client/admin/cluster.ts";
import { CommandError } from "../command-error.ts";
import { cell, line } from "./columns.ts";
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError } from "./flags.ts";
import { javaTrace } from "./java-error.ts";
import { type Tool, withBrokers } from "./tool.ts";

const COMMANDS = ["cluster-id", "unregister", "list-endpoints"] as const;

export const kafkaCluster: Tool = {
  purpose: "cluster-id | unregister | list-endpoints: the cluster's id, its endpoints, removing a broker.",
  commands: COMMANDS,
  flags: [
    { ...BOOTSTRAP_SERVER, letter: "b" },
    { ...BOOTSTRAP_CONTROLLER, letter: "C" },
    COMMAND_CONFIG,
    { name: "config", value: "file", help: "the older name of --command-config" },
    { name: "id", letter: "i", value: "id", isWhole: true, help: "with unregister: the broker" },
    { name: "include-fenced-brokers", help: "with list-endpoints: those that do not take part, too" },
  ],
  run: async (flags, io, [command]) => {
    const given = flags.countOf(["bootstrap-server", "bootstrap-controller"]);
    if (given !== 1)
      throw new FlagError(
        `kafka-cluster: error: ${given === 0 ? "one of the arguments --bootstrap-server --bootstrap-controller is required" : "argument --bootstrap-controller/-C: not allowed with argument --bootstrap-server/-b"}`,
        { isTerse: true },
      );
    if (command === "unregister" && !flags.has("id"))
      throw new FlagError("kafka-cluster: error: argument --id/-i is required", { isTerse: true });
    return withBrokers(flags, async (brokers) => {
      if (command === "unregister") {
        const id = flags.whole("id") ?? -1;
        await unregister(brokers, id);
        io.out(`Broker ${id} is no longer registered.`);
        return 0;
      }
      const cluster = await describeWholeCluster(brokers, { isWithFenced: flags.has("include-fenced-brokers") });
      if (command === "cluster-id") io.out(`Cluster ID: ${cluster.id}`);
      else {
        if (cluster.brokers.length === 0) throw new CommandError("No endpoints found");
        const hostWidth = Math.max(4, ...cluster.brokers.map(({ host }) => host.length));
        const rackWidth = Math.max(10, ...cluster.brokers.map(({ rack }) => rack?.length ?? 0));
        const row = (texts: readonly string[]) => {
          const [id = "", host = "", port = "", rack = "", state = "", type = ""] = texts;
          io.out(line([cell(id, 10), cell(host, hostWidth), cell(port, 10), cell(rack, rackWidth), cell(state, 10), cell(type, 15)]));
        };
        row(["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"]);
        for (const { id, host, port, rack, isFenced } of cluster.brokers)
          row([`${id}`, host, `${port}`, rack ?? "null", isFenced ? "fenced" : "unfenced", "broker"]);
      }
      return 0;
    });
  },
  failed: (error, io) => {
    io.error(javaTrace(error));
    return 1;
  },
};

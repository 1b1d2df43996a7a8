// `kafka-metadata-quorum`: who leads the cluster's metadata, and how far the others have come.

import { describeMetadataQuorum, describeWholeCluster, type Quorum, type Replica } from "../../client/admin/cluster.ts";
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError } from "./flags.ts";
import { javaTrace } from "./java-error.ts";
import { addController, removeController } from "./quorum-voters.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

const ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA";

export const kafkaMetadataQuorum: Tool = {
  purpose: "describe | add-controller | remove-controller: the quorum of the cluster's metadata.",
  commands: ["describe", "add-controller", "remove-controller"],
  flags: [
    BOOTSTRAP_SERVER,
    BOOTSTRAP_CONTROLLER,
    { ...COMMAND_CONFIG, help: "a properties file of client settings; with add-controller: that of the controller" },
    { name: "status", help: "with describe: the leader, its epoch, the voters" },
    { name: "replication", help: "with describe: how far each has come" },
    { name: "human-readable", help: "with --replication: times as so long ago" },
    { name: "controller-id", letter: "i", value: "id", isWhole: true, help: "with remove-controller: which" },
    { name: "controller-directory-id", letter: "d", value: "id", help: "with remove-controller: its folder" },
    { name: "dry-run", help: "with add-controller, remove-controller: only say it" },
  ],
  run: async (flags, io, [command]) => {
    const refuse = (sentence: string) => new FlagError(`kafka-metadata-quorum: error: ${sentence}`);
    const given = flags.countOf(["bootstrap-server", "bootstrap-controller"]);
    if (given === 0) throw refuse("one of the arguments --bootstrap-server --bootstrap-controller is required");
    if (given > 1) throw refuse("argument --bootstrap-controller/-C: not allowed with argument --bootstrap-server/-B");
    if (command === "add-controller") return addController(flags, io);
    if (command === "remove-controller") return removeController(flags, io, refuse);
    if (flags.has("status") && flags.has("human-readable"))
      throw new FlagError("The option --human-readable is only supported along with --replication", { isTerse: true });
    const views = flags.countOf(["status", "replication"]);
    if (views > 1)
      throw new FlagError("Only one of --status or --replication should be specified with describe sub-command", { isTerse: true });
    if (views === 0) throw new FlagError("One of --status or --replication must be specified with describe sub-command", { isTerse: true });
    return withBrokers(flags, async (brokers) => {
      const quorum = await describeMetadataQuorum(brokers);
      if (flags.has("status")) printStatus(quorum, (await describeWholeCluster(brokers)).id, io);
      else printReplication(quorum, flags.has("human-readable"), io);
      return 0;
    });
  },
  failed: (error, io) => {
    io.error(javaTrace(error));
    return 1;
  },
};

function printStatus(quorum: Quorum, clusterId: string, io: Io): void {
  const { leaderId, leaderEpoch, highWatermark, voters, observers, endpoints } = quorum;
  const followers = [...voters, ...observers].filter(({ id }) => id !== leaderId);
  const leader = voters.find(({ id }) => id === leaderId);
  const slowest = followers.toSorted((one, other) => one.logEndOffset - other.logEndOffset)[0];
  const lag = slowest === undefined || leader === undefined ? 0 : leader.logEndOffset - slowest.logEndOffset;
  const lagMs =
    slowest === undefined || leader === undefined ? 0 : slowest.lastCaughtUpMs < 0 ? -1 : leader.lastCaughtUpMs - slowest.lastCaughtUpMs;
  const members = (replicas: readonly Replica[]) =>
    `[${replicas.map((replica) => memberText(replica, endpoints.get(replica.id) ?? [])).join(", ")}]`;
  const rows = [
    ["ClusterId:", clusterId],
    ["LeaderId:", leaderId],
    ["LeaderEpoch:", leaderEpoch],
    ["HighWatermark:", highWatermark],
    ["MaxFollowerLag:", lag],
    ["MaxFollowerLagTimeMs:", lagMs],
    ["CurrentVoters:", members(voters)],
    ["CurrentObservers:", members(observers)],
  ] as const;
  for (const [name, value] of rows) io.out(`${name.padEnd(24)}${value}`);
}

function memberText({ id, directoryId }: Replica, endpoints: readonly string[]): string {
  const directory = directoryId === ZERO_ID ? "" : `, "directoryId": "${directoryId}"`;
  const listeners = endpoints.length === 0 ? "" : `, "endpoints": [${endpoints.map((endpoint) => `"${endpoint}"`).join(", ")}]`;
  return `{"id": ${id}${directory}${listeners}}`;
}

function printReplication({ leaderId, voters, observers }: Quorum, isHuman: boolean, io: Io): void {
  const leaderEnd = voters.find(({ id }) => id === leaderId)?.logEndOffset ?? 0;
  const time = (ms: number) => (!isHuman ? `${ms}` : ms < 0 ? "unknown" : `${Math.max(0, Date.now() - ms)} ms ago`);
  const row = (replica: Replica, status: string) => [
    `${replica.id}`,
    replica.directoryId,
    `${replica.logEndOffset}`,
    `${leaderEnd - replica.logEndOffset}`,
    time(replica.lastFetchMs),
    time(replica.lastCaughtUpMs),
    status,
  ];
  const rows = [
    ["NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"],
    ...voters.filter(({ id }) => id === leaderId).map((replica) => row(replica, "Leader")),
    ...voters.filter(({ id }) => id !== leaderId).map((replica) => row(replica, "Follower")),
    ...observers.map((replica) => row(replica, "Observer")),
  ];
  printTable(rows, io);
}

/** Columns as wide as their widest cell, each followed by a tab. */
export function printTable(rows: readonly (readonly string[])[], io: Io): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of rows) io.out(cells.map((text, column) => `${text.padEnd(widths[column] ?? 0)}\t`).join(""));
}

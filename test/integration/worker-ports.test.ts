// Every port that a process of several threads or brokers opens asks for the same login, and goes by the same rules.

import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { createAcls, deleteAcls, metadata } from "../../protocol/messages/index.ts";
import { startCluster } from "../../src/index.ts";
import { logIn } from "../access-rules/login.ts";
import { allow, READ, type Rule, TOPIC } from "../access-rules/rules.ts";
import { RawClient } from "../support/raw-client.ts";
import { WorkerProcess } from "./worker-process.ts";

const USERS = ["admin", "alice"];
const RULE: Rule = allow({ resourceType: TOPIC, resourceName: "orders", operation: READ }, "User:alice");
const SETTINGS = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:admin",
};
/** As Linux writes it. */
const LISTENING = "0A";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odradek-ports-"));
});
afterEach(async () => {
  await WorkerProcess.killAll();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** Of all sockets of a process that listen; it is said by Linux only. */
function listeningPorts(pid: number): number[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  const rows = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").trim().split("\n").slice(1));
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === LISTENING && sockets.includes(`socket:[${inode}]`) ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
}

const asking = (client: RawClient) => client.call(metadata, 9, { topics: [{ name: "orders" }], allowAutoTopicCreation: false });
const errorFor = async (client: RawClient) => (await asking(client))?.topics[0]?.errorCode;

async function holdAlike(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const stranger = await RawClient.connect(port);
    expect(await asking(stranger), `port ${port}, without a login`).toBeUndefined();
    await expect(logIn(port, "mallory")).rejects.toThrow("cannot log in");
  }
  const clients = await Promise.all(ports.map((port) => logIn(port, "alice")));
  const admin = await logIn(ports[0] ?? 0, "admin");
  const errors = () => Promise.all(clients.map(errorFor));
  expect(new Set(await errors())).toEqual(new Set([Errors.TOPIC_AUTHORIZATION_FAILED]));
  await admin.call(createAcls, 3, { creations: [RULE] });
  expect(new Set(await errors())).toEqual(new Set([Errors.NONE]));
  const { principal, host, operation, permissionType } = RULE;
  const filter = { resourceTypeFilter: TOPIC, resourceNameFilter: "orders", principalFilter: principal, hostFilter: host };
  await admin.call(deleteAcls, 3, { filters: [{ ...filter, operation, permissionType }] });
  expect(new Set(await errors())).toEqual(new Set([Errors.TOPIC_AUTHORIZATION_FAILED]));
  for (const client of [...clients, admin]) client.close();
}

test.skipIf(process.platform !== "linux")(
  "every port that a process with workers has open asks for a login, and goes by the rules",
  async () => {
    const users = USERS.flatMap((user) => ["--user", `${user}:${user}`]);
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const running = await WorkerProcess.start(folder, ["--port", "auto", "--workers", "2", "--topic", "orders", ...users, ...settings]);
    const ports = listeningPorts(running.pid);
    const told = running.bootstrapServers.map((address) => Number(address.split(":").at(-1)));
    expect(told).toHaveLength(2);
    expect(ports).toEqual(expect.arrayContaining(told));
    await holdAlike(ports);
  },
);

test("every broker of a cluster in one process asks for a login, and goes by the rules", async () => {
  const cluster = await startCluster({
    brokers: 2,
    topics: ["orders"],
    users: Object.fromEntries(USERS.map((user) => [user, user])),
    settings: SETTINGS,
  });
  try {
    await holdAlike(cluster.brokers.map(({ port }) => port));
  } finally {
    await cluster.stop();
  }
});

// The host that clients are told, by how the broker listens and where they came in. Each as Kafka has it but for the last: where a
// listener is open on every interface, Kafka tells the name that its machine has for itself.

import { afterEach, expect, test } from "vitest";
import { describeCluster, describeGroups, findCoordinator, joinGroup, metadata } from "../../protocol/messages/index.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { hasIpv6 } from "../support/ipv6.ts";
import { RawClient } from "../support/raw-client.ts";

let broker: RunningBroker | undefined;
afterEach(() => broker?.stop());

async function toldAt(host: string, options: Parameters<typeof startBroker>[0]): Promise<readonly (string | undefined)[]> {
  broker = await startBroker(options);
  const client = await RawClient.connect(broker.port, host);
  const { brokers } = (await client.call(metadata, 9, { topics: [], allowAutoTopicCreation: false })) ?? {};
  const cluster = await client.call(describeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType: 1 });
  const coordinator = await client.call(findCoordinator, 3, { key: "g", keyType: 0 });
  client.close();
  return [...new Set([brokers?.[0]?.host, cluster?.brokers[0]?.host, coordinator?.host])];
}

const CASES: readonly [string, string, Parameters<typeof startBroker>[0], string][] = [
  ["on localhost are told localhost, as they wrote it", "127.0.0.1", {}, "localhost"],
  ["on localhost are told localhost by either family", "::1", {}, "localhost"],
  ["of a listener with a host are told that host", "127.0.0.1", { settings: { listeners: "PLAINTEXT://127.0.0.1:0" } }, "127.0.0.1"],
  ["of a listener with a host are told it in IPv6, too", "::1", { settings: { listeners: "PLAINTEXT://[::1]:0" } }, "::1"],
  [
    "of a listener for which another address is advertised are told that",
    "127.0.0.1",
    { settings: { listeners: "PLAINTEXT://127.0.0.1:0", "advertised.listeners": "PLAINTEXT://kafka.example:9092" } },
    "kafka.example",
  ],
  ["of a listener on every interface are told where they came in", "127.0.0.1", { settings: { listeners: "PLAINTEXT://:0" } }, "127.0.0.1"],
  ["of a broker on every interface are told where they came in", "127.0.0.1", { host: "0.0.0.0" }, "127.0.0.1"],
];
const withIpv6 = await hasIpv6();

test.each(CASES.filter(([, reached]) => reached !== "::1" || withIpv6))("clients %s", async (_, reached, options, told) => {
  expect(await toldAt(reached, options)).toEqual([told]);
});

test.skipIf(!withIpv6)("clients over IPv6 are known by their address in all its groups, as in Java", async () => {
  broker = await startBroker({ settings: { listeners: "PLAINTEXT://[::1]:0" } });
  const client = await RawClient.connect(broker.port, "::1");
  await client.call(findCoordinator, 3, { key: "g", keyType: 0 });
  const join = { groupId: "g", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: "", protocolType: "consumer" };
  await client.call(joinGroup, 3, { ...join, protocols: [{ name: "range", metadata: Buffer.alloc(0) }] });
  const described = await client.call(describeGroups, 4, { groups: ["g"], includeAuthorizedOperations: false });
  client.close();
  expect(described?.groups[0]?.members.map(({ clientHost }) => clientHost)).toEqual(["/0:0:0:0:0:0:0:1"]);
});

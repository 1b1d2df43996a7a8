// Says to a group coordinator what a member may not say: with a generation that is not the current one, or with a member id that is not
// in the group. stale-member.ts BOOTSTRAP TOPIC prints one JSON object: for each request what it was answered.
// No public API of a client does that, so this goes through the inner API of kafkajs.

import { Kafka, logLevel } from "kafkajs";

type Coordinator = {
  offsetCommit(request: object): Promise<unknown>;
  heartbeat(request: object): Promise<unknown>;
  syncGroup(request: object): Promise<unknown>;
  leaveGroup(request: object): Promise<unknown>;
};
type Cluster = {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(group: { groupId: string }): Promise<Coordinator>;
};

const [, , bootstrap = "", topic = ""] = process.argv;
const groupId = `${topic}-group`;
const kafka = new Kafka({ clientId: "interop", brokers: [bootstrap], logLevel: logLevel.NOTHING });

async function outcome(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return "NONE";
  } catch (error) {
    return error instanceof Error && "type" in error ? String(error.type) : String(error);
  }
}

function createCluster(): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((each) => each.description?.includes("createCluster"));
  const create = symbol === undefined ? undefined : (Reflect.get(kafka, symbol) as (options: object) => Cluster);
  if (create === undefined) throw new Error("this kafkajs has another inside");
  return create({ metadataMaxAge: 300_000 });
}

const consumer = kafka.consumer({ groupId, heartbeatInterval: 60_000, sessionTimeout: 90_000 });
const joining = new Promise<string>((resolve) => consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => resolve(payload.memberId)));
await consumer.connect();
await consumer.subscribe({ topics: [topic] });
await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
const memberId = await joining;

const cluster = createCluster();
await cluster.connect();
const coordinator = await cluster.findGroupCoordinator({ groupId });
const topics = [{ topic, partitions: [{ partition: 0, offset: "3" }] }];
const CURRENT_GENERATION = 1; // The group is new and has had one rebalance.
const observed: Record<string, string> = {};
for (const [name, member] of [
  ["current member", { memberId, groupGenerationId: CURRENT_GENERATION }],
  ["past generation", { memberId, groupGenerationId: CURRENT_GENERATION - 1 }],
  ["future generation", { memberId, groupGenerationId: CURRENT_GENERATION + 1 }],
  ["unknown member", { memberId: "nobody", groupGenerationId: CURRENT_GENERATION }],
  ["outside the group", { memberId: "", groupGenerationId: -1 }],
] as const) {
  observed[`commit of ${name}`] = await outcome(coordinator.offsetCommit({ groupId, ...member, topics }));
  observed[`heartbeat of ${name}`] = await outcome(coordinator.heartbeat({ groupId, ...member }));
  if (name !== "current member") {
    const { groupGenerationId: generationId } = member;
    observed[`sync of ${name}`] = await outcome(
      coordinator.syncGroup({ groupId, memberId: member.memberId, generationId, groupAssignment: [] }),
    );
  }
}
observed["commit to a partition that does not exist"] = await outcome(
  coordinator.offsetCommit({
    groupId,
    memberId,
    groupGenerationId: CURRENT_GENERATION,
    topics: [{ topic, partitions: [{ partition: 9, offset: "3" }] }],
  }),
);
observed["leave of unknown member"] = await outcome(coordinator.leaveGroup({ groupId, memberId: "nobody" }));
await consumer.disconnect();
observed["commit after leaving"] = await outcome(
  coordinator.offsetCommit({ groupId, memberId, groupGenerationId: CURRENT_GENERATION, topics }),
);
observed["commit to an empty group"] = await outcome(coordinator.offsetCommit({ groupId, memberId: "", groupGenerationId: -1, topics }));
await cluster.disconnect();
process.stdout.write(`${JSON.stringify(observed)}\n`);

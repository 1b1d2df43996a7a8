// `odradek start --cluster … --objects …`: what is asked of it, what contradicts it, and what it says.

import { expect, test } from "vitest";
import { type BrokerOrder, type RunningBroker, start } from "../../src/cli/start.ts";
import { explainStartFailure } from "../../src/cli/start-failure.ts";
import { planStart, type StartArguments } from "../../src/cli/start-plan.ts";
import { originsOf } from "../../src/config/broker-config.ts";
import { ServiceFailure } from "../../src/membership/service-failure.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const CLUSTER = "postgres://odradek:secret@db.example:5432/odradek";
const OBJECTS = "s3://bucket/prefix";
const GIVEN: StartArguments = { cluster: CLUSTER, objects: OBJECTS };

test("a database and a place for records make one broker of a cluster, whose id is given out", () => {
  const plan = planStart(GIVEN, {});
  expect(plan.machine).toEqual({ objects: OBJECTS, isHostOpen: true });
  expect([plan.config["diskless.cluster"], plan.config["diskless.objects"]]).toEqual([CLUSTER, OBJECTS]);
  expect(originsOf(plan.config, "node.id")).toHaveLength(1);
  expect(plan).toMatchObject({ port: 9092, isDefaultData: false, others: [], workers: [] });
  expect(planStart({ port: "9192" }, {}).machine).toBeUndefined();
});

test("they may come from the environment or a settings file, as all settings; id, rack and port are this broker's own", () => {
  const environment = { KAFKA_DISKLESS_CLUSTER: CLUSTER, KAFKA_DISKLESS_OBJECTS: OBJECTS };
  const plan = planStart({ nodeId: "7", rack: "east", port: "9192" }, environment);
  expect(plan.machine).toEqual({ objects: OBJECTS, isHostOpen: true });
  expect([plan.config["node.id"], plan.config["broker.rack"], plan.port]).toEqual([7, "east", 9192]);
  expect(plan.environment.variables).toEqual([
    { variable: "KAFKA_DISKLESS_CLUSTER", value: "[hidden]", isClients: false },
    { variable: "KAFKA_DISKLESS_OBJECTS", value: OBJECTS, isClients: false },
  ]);
});

test("it listens where others reach it, unless it is said where", () => {
  const listening = (given: StartArguments) => {
    const { machine, host, port, config } = planStart({ ...GIVEN, ...given }, {});
    return [machine?.isHostOpen, host, port, config.listeners.join()];
  };
  expect(listening({ port: "9192" })).toEqual([true, "localhost", 9192, "PLAINTEXT://:9092"]);
  expect(listening({ port: "9192", host: "10.0.0.5" })).toEqual([false, "10.0.0.5", 9192, "PLAINTEXT://10.0.0.5:9192"]);
  expect(listening({ set: ["listeners=PLAINTEXT://:9292"] })).toEqual([false, "", 9292, "PLAINTEXT://:9292"]);
});

test("a group waits for its members as long as they said, since they may be about to find another coordinator", () => {
  const setting = "odradek.group.disconnected.member.timeout.ms";
  expect([planStart({}, {}).config[setting], planStart(GIVEN, {}).config[setting]]).toEqual([1000, -1]);
  expect(planStart({ ...GIVEN, set: [`${setting}=500`] }, {}).config[setting]).toBe(500);
});

const CONTRADICTION = "and --cluster contradict each other:";
test.each<[StartArguments, string]>([
  [{ data: "here" }, `--data ${CONTRADICTION} a cluster of machines keeps its data in ${OBJECTS}`],
  [{ memory: true }, `--memory ${CONTRADICTION} a cluster of machines keeps its data in ${OBJECTS}`],
  [{ brokers: "3" }, `--brokers ${CONTRADICTION} each process is one broker of the cluster; start further ones`],
  [{ workers: "2" }, `--workers ${CONTRADICTION} each process is one broker of the cluster; start further ones`],
  [{ port: "9092,9093" }, `several ports ${CONTRADICTION} each process is one broker of the cluster; start further ones`],
  [{ cluster: "mysql://db" }, "--cluster: a database is written postgres://user:password@host:port/database"],
  [{ objects: "bucket/prefix" }, "--objects bucket/prefix: a place for records is written s3://bucket/prefix"],
])("%j is refused by a sentence", (given, sentence) => {
  expect(() => planStart({ ...GIVEN, ...given }, {})).toThrow(sentence);
});

test("one of the two is not enough, wherever it was given", () => {
  expect(() => planStart({ cluster: CLUSTER }, {})).toThrow("--cluster needs a place for records beside it: --objects s3://bucket/prefix");
  expect(() => planStart({}, { KAFKA_DISKLESS_OBJECTS: OBJECTS })).toThrow(
    "diskless.objects (given by the environment variable KAFKA_DISKLESS_OBJECTS) needs a database beside it: --cluster postgres://host/database",
  );
});

async function fakeMachine(order: BrokerOrder): Promise<RunningBroker> {
  expect(order.machine).toEqual({ objects: OBJECTS, isHostOpen: true });
  return {
    bootstrapServers: "localhost:9092",
    bootstrapProtocol: "PLAINTEXT",
    clusterId: "cluster",
    authority: undefined,
    machine: {
      brokerId: 3,
      otherIds: [1, 2],
      objects: OBJECTS,
      database: "postgres://db.example:5432/odradek",
      advertised: ["10.0.0.5:9092"],
    },
    failure: new Promise(() => undefined),
    stop: async () => undefined,
  };
}

test("the banner says where the data is, which broker this is, and beside which; the ready event says it too", async () => {
  const said = async (given: StartArguments) => {
    const terminal = new FakeTerminal({ environment: {} });
    const names = { resolve: async () => ["127.0.0.1"], own: () => ["127.0.0.1"] };
    await start({ ...GIVEN, ...given }, { terminal, startBroker: fakeMachine, names, stopping: Promise.resolve() });
    return terminal.output;
  };
  const banner = await said({});
  expect(banner).toContain(`data     ${OBJECTS}, in the order that postgres://db.example:5432/odradek keeps`);
  expect(banner).toContain("broker   3, beside 1, 2");
  expect(banner).toContain("clients  are sent on to 10.0.0.5:9092");
  expect(banner).not.toContain("secret");
  expect(JSON.parse((await said({ json: true })).split("\n")[0] ?? "")).toMatchObject({
    event: "ready",
    broker: 3,
    otherBrokers: [1, 2],
    data: OBJECTS,
    database: "postgres://db.example:5432/odradek",
    advertised: ["10.0.0.5:9092"],
  });
});

test("a service that cannot be used is named, with where it was given", () => {
  const plan = planStart(GIVEN, { KAFKA_DISKLESS_OBJECTS: "s3://other" });
  const sentence = (setting: ServiceFailure["setting"], service: string, reason: string) =>
    explainStartFailure(new ServiceFailure(setting, service, reason), plan)?.message;
  expect(sentence("diskless.cluster", "postgres://db.example:5432/odradek", "it does not answer.")).toBe(
    "The database postgres://db.example:5432/odradek (given with --cluster) cannot be used: it does not answer.",
  );
  expect(sentence("diskless.objects", OBJECTS, "no such bucket")).toBe(
    `The place for records ${OBJECTS} (given with --objects) cannot be used: no such bucket.`,
  );
});

// Kafka's own tools on three brokers, Odradek's as processes over PostgreSQL and an object store, Apache Kafka's with three replicas of everything:
// what they print of topics that are placed, moved and led as they were told, of groups and of transactions is the same.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { CACHE, hasKafkaReference } from "./broker-under-test.ts";
import { startKafkaMachines } from "./machines/kafka.ts";
import { type Machines, startMachines } from "./machines/machines.ts";
import { DATABASE_PORT, MACHINE_SETTINGS, STORE_PORT } from "./machines/seed.ts";
import { hasServices, startDatabase, startObjectStore } from "./machines/services.ts";
import { port } from "./port.ts";
import { ToolRunner } from "./tool-runner.ts";
import { transcribe } from "./transcript.ts";

const KAFKA_PORT = port(19580);
const FIRST_PORT = port(19500);
const BROKERS = 3;
/** As Kafka's nodes have it. */
const SETTINGS = { ...MACHINE_SETTINGS, "min.insync.replicas": "2" };
const tools = new ToolRunner();
afterAll(() => tools.stop());

/** Everything is placed by hand: where the brokers place it themselves is their own affair. */
const LINES = `
  topics --create --topic ma --replica-assignment 1:2:3,2:3:1,3:1:2
  topics --describe --topic ma
  topics --create --topic mb --replica-assignment 2:1
  topics --create --topic mc --replica-assignment 4
  topics --create --topic mc --replication-factor 4
  topics --describe --topic mb
  topics --describe --under-replicated-partitions
  topics --describe --unavailable-partitions
  ~ console-producer --topic ma --reader-property parse.key=true --reader-property key.separator=: <<< k1:v1\\nk2:v2\\nk3:v3\\nk4:v4\\nk5:v5\\n
  ~ console-consumer --topic ma --from-beginning --group mg --max-messages 5 --timeout-ms 30000
  ~ consumer-groups --describe --group mg
  consumer-groups --describe --group mg --state
  ~ get-offsets --topic ma
  reassign-partitions --reassignment-json-file @{"version":1,"partitions":[{"topic":"mb","partition":0,"replicas":[3,1]}]} --execute
  ~ reassign-partitions --reassignment-json-file @{"version":1,"partitions":[{"topic":"mb","partition":0,"replicas":[3,1]}]} --verify
  topics --describe --topic mb
  reassign-partitions --reassignment-json-file @{"version":1,"partitions":[{"topic":"mb","partition":0,"replicas":[1,3]}]} --execute
  ~ reassign-partitions --reassignment-json-file @{"version":1,"partitions":[{"topic":"mb","partition":0,"replicas":[1,3]}]} --verify
  leader-election --election-type preferred --topic mb --partition 0
  topics --describe --topic mb
  leader-election --election-type preferred --topic mb --partition 0
  leader-election --election-type unclean --topic mb --partition 0
  reassign-partitions --reassignment-json-file @{"version":1,"partitions":[{"topic":"mb","partition":0,"replicas":[9]}]} --execute
  ~ console-consumer --topic ma --from-beginning --max-messages 5 --timeout-ms 30000
  delete-records --offset-json-file @{"partitions":[{"topic":"ma","partition":0,"offset":0}],"version":1}
  topics --alter --topic ma --partitions 4 --replica-assignment 1:2:3,2:3:1,3:1:2,2:1:3
  topics --describe --topic ma
  configs --alter --broker 2 --add-config log.cleaner.threads=2
  configs --describe --broker 2
  configs --describe --broker 1
  configs --alter --broker-defaults --add-config log.retention.ms=123456
  configs --describe --broker-defaults
  ~ consumer-groups --group mg --topic ma --reset-offsets --to-earliest --execute
  consumer-groups --group mg --delete
  transactions list
  transactions describe --transactional-id none
  topics --delete --topic ma
  topics --delete --topic mb
  topics --list --topic 'm.*'
`;

const MOST_TRIES = 30;
const TRY_AGAIN_MS = 1000;

/** Kafka tells of a replica that goes until it has gone. */
const COMPLETED = "Reassignment of partition $1 is completed.";

/** Kafka lists a replica last in the set in sync that has just caught up; here it is there at once. */
function alike(stdout: string): string {
  return stdout
    .replace(/There is no active reassignment of partition (\S+), but replica set is [\d,]+ rather than [\d,]+\./g, COMPLETED)
    .replace(/(?<=\bIsr: )[\d,]+/g, (ids) => ids.split(",").toSorted().join());
}

/** A reassignment takes Kafka as long as the machine lets it. */
async function completed<Outcome extends { readonly stdout: string }>(run: () => Promise<Outcome>): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const outcome = await run();
    if (tries === MOST_TRIES || !outcome.stdout.includes("is still in progress")) return outcome;
    await sleep(TRY_AGAIN_MS);
  }
}

async function printed(machines: Machines): Promise<unknown> {
  const lines = LINES.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
  try {
    const observed = await transcribe(lines, machines.bootstrap, async (tool, args, stdin) => {
      const outcome = await completed(() => tools.run(tool, args, stdin));
      return { ...outcome, stdout: alike(outcome.stdout) };
    });
    return JSON.parse(JSON.stringify(observed).replace(/(?<=<address> \()\d+/g, "<coordinator>"));
  } finally {
    await machines.close();
  }
}

it.skipIf(!hasServices() || !hasKafkaReference())(
  "tools print of three brokers what they print of Apache Kafka's",
  { timeout: 600_000 },
  async () => {
    const expected = await printed(await startKafkaMachines(KAFKA_PORT));
    const [database, store] = [await startDatabase(DATABASE_PORT), await startObjectStore(STORE_PORT)];
    try {
      const machines = await startMachines({
        ...{ title: "tools", places: BROKERS + 1, database, store, settings: SETTINGS, hasOwnIds: false },
        portOf: (place) => FIRST_PORT + place,
        linePortOf: (place, service) => FIRST_PORT + 10 + 2 * place + (service === "store" ? 1 : 0),
        logFolder: join(CACHE, "machines", "tools"),
      });
      expect(await printed(machines)).toEqual(expected);
    } finally {
      await database.stop();
      await store.stop();
    }
  },
);

// How long clients wait when machines come, go and die: until a broker that was just started has taken its first record, until all partitions of
// a broker are served by others that was killed, or asked to stop. The default session timeout is in it, of Kafka's brokers as of Odradek's: 9 s.

import { Errors } from "../../protocol/errors.ts";
import type { Contender } from "./contender.ts";
import type { FrameSocket } from "./frame-socket.ts";
import { brokersOf } from "./led-topic.ts";
import { CLUSTERS } from "./machines.ts";
import { Machines } from "./machines-cluster.ts";
import { createSpreadTopic, leadersOf, produceTo, reassign, untilServed } from "./machines-served.ts";
import { MachineServices } from "./machines-services.ts";
import { pause } from "./pause.ts";
import { secondsSinceStart } from "./restart-times.ts";
import type { Run, Scenario } from "./scenario.ts";

const FEW = 30;
const MANY = 1000;
/** Answers of many partitions cost, and must not hold up what is measured. */
const POLL_MS = 20;
const MOST_SECONDS = 60;
const KILLED_PLACE = 2;
const STOPPED_PLACE = 1;
const ADDED_PLACE = 3;

export const machinesChanges: Scenario = {
  name: "machines-changes",
  about: "three machines: a fourth is added, one is killed, one is stopped: until all partitions are served",
  contenders: CLUSTERS,
  async measure(run) {
    const services = run.contender === "kafka" ? undefined : await MachineServices.start();
    try {
      await change(run, await Machines.start(run, 3, await services?.places()));
    } finally {
      await services?.stop();
    }
  },
};

async function change(run: Run, cluster: Machines): Promise<void> {
  await addMachine(run, cluster, await createSpreadTopic(cluster, FEW), FEW);
  // Who stops is missed as a replica of what it led last, so others are looked at from here on.
  await cluster.end(ADDED_PLACE, "clean");
  await killMachine(run, cluster, await createSpreadTopic(cluster, FEW), FEW);
  const count = run.scaled(MANY, 100);
  const many = await createSpreadTopic(cluster, count);
  await killMachine(run, cluster, many, count);
  await untilOthersServe(run, cluster, { topic: many, count, place: STOPPED_PLACE, how: "clean" });
  await cluster.start(STOPPED_PLACE);
  await cluster.all();
  await untilServed(cluster, many, count);
  await addMachine(run, cluster, many, count);
  await cluster.endAll();
}

function addMachine(run: Run, cluster: Machines, topic: string, count: number): Promise<void> {
  const what = `three machines: start of a fourth to its first record, ${count.toLocaleString("en")} partitions`;
  return run.attempt(what, async () => {
    const socket = await cluster.connect();
    try {
      const added = await cluster.start(ADDED_PLACE, false);
      let isMoved = run.contender !== "kafka";
      while (!(await hasTaken(socket, added, topic))) {
        if (secondsSinceStart(added) > MOST_SECONDS) throw new Error(`it has taken no record within ${MOST_SECONDS} s`);
        if (!isMoved) isMoved = await moveTo(socket, added, topic);
        await pause(POLL_MS);
      }
      run.add(what, "s", secondsSinceStart(added));
    } finally {
      socket.close();
    }
  });
}

/** A record of one of the partitions that it leads, if it leads any yet. */
async function hasTaken(socket: FrameSocket, { port }: Contender, topic: string): Promise<boolean> {
  const led = (await leadersOf(socket, topic)).get(port) ?? [];
  const [first] = led;
  return first !== undefined && (await produceTo(port, topic, [first])).get(first) === Errors.NONE;
}

/** Apache Kafka gives nothing to a broker that comes; somebody has to. `false` while the cluster does not know the broker. */
async function moveTo(socket: FrameSocket, { port }: Contender, topic: string): Promise<boolean> {
  const brokers = await brokersOf(socket, 1);
  const added = brokers.find((broker) => broker.port === port);
  if (added === undefined) return false;
  const leaderPort = [...(await leadersOf(socket, topic))].find(([, led]) => led.includes(0))?.[0];
  const others = brokers.filter((broker) => broker !== added && broker.port !== leaderPort);
  await reassign(socket, topic, 0, [added.nodeId, ...others.map(({ nodeId }) => nodeId)]);
  return true;
}

/** It comes back afterwards, and all is served as before. */
async function killMachine(run: Run, cluster: Machines, topic: string, count: number): Promise<void> {
  await untilOthersServe(run, cluster, { topic, count, place: KILLED_PLACE, how: "killed" });
  await cluster.start(KILLED_PLACE);
  await cluster.all();
  await untilServed(cluster, topic, count);
}

interface End {
  readonly topic: string;
  /** Of its partitions. */
  readonly count: number;
  readonly place: number;
  readonly how: "clean" | "killed";
}

function untilOthersServe(run: Run, cluster: Machines, { topic, count, place, how }: End): Promise<void> {
  const ending = how === "clean" ? "SIGTERM" : "kill -9";
  const what = `three machines: ${ending} of one to others serving all of ${count.toLocaleString("en")} partitions`;
  return run.attempt(what, async () => {
    const sinceMs = performance.now();
    const ended = cluster.end(place, how);
    await untilServed(cluster, topic, count);
    run.add(what, "s", (performance.now() - sinceMs) / 1000);
    await ended;
  });
}

// A cluster whose brokers are processes of their own, each as on a machine of its own: Odradek's over a database and an object store, Apache
// Kafka's nodes with three replicas of everything, of which two must have a record. All else are the defaults.

import { type Contender, freePort, type LaunchOptions, type Places } from "./contender.ts";
import { FrameSocket } from "./frame-socket.ts";
import { brokersOf, createLedTopic, leadingFault } from "./led-topic.ts";
import { until } from "./restart-times.ts";
import type { Run } from "./scenario.ts";

/** Of Kafka's nodes so many are controllers, too; those that come later are not. */
const CONTROLLERS = 3;
const SETTINGS = { "default.replication.factor": "3", "min.insync.replicas": "2" };

type Settings = Readonly<Record<string, string>>;

export interface Machine {
  readonly id: number;
  readonly broker: Contender;
}

export class Machines {
  readonly #run: Run;
  readonly #over: Places | undefined;
  readonly #settings: Settings;
  /** Of Kafka's nodes, by place. */
  readonly #ports: number[] = [];
  /** By place; those that were ended, too. */
  readonly #brokers: Contender[] = [];
  readonly #running = new Set<number>();
  #topics = 0;

  private constructor(run: Run, over: Places | undefined, settings: Settings) {
    this.#run = run;
    this.#over = over;
    this.#settings = { ...SETTINGS, ...settings };
  }

  /**
   * @param over of Odradek's; Kafka's have folders
   * @param settings more of them
   */
  static async start(run: Run, count: number, over: Places | undefined, settings: Settings = {}): Promise<Machines> {
    const machines = new Machines(run, over, settings);
    for (let place = 0; place < CONTROLLERS; place++) machines.#ports.push(await freePort(1));
    // Who starts while another fails must have been told of, to be ended with the rest.
    const starts = await Promise.allSettled(Array.from({ length: count }, (_, place) => machines.start(place)));
    for (const start of starts) if (start.status === "rejected") throw start.reason;
    await machines.all();
    return machines;
  }

  /** Who runs. */
  get brokers(): readonly Contender[] {
    return this.#brokers.filter((_, place) => this.#running.has(place));
  }

  /** Of a topic that is not there yet. */
  topicName(): string {
    return `machines-${++this.#topics}`;
  }

  /** A broker in a place that has none: a new one, or, where there was one, the same again: of its id, on the data that it has. */
  async start(place: number, isAwaited = true): Promise<Contender> {
    const { folder } = this.#brokers[place] ?? {};
    this.#ports[place] ??= await freePort(1);
    const settings = { ...this.#settings, "node.id": String(place + 1) };
    const options = { isAwaited, ...(this.#over === undefined ? this.#nodeOptions(place) : { over: this.#over, settings }) };
    const broker = await this.#run.launch(folder === undefined ? options : { ...options, folder });
    this.#brokers[place] = broker;
    this.#running.add(place);
    return broker;
  }

  /** From then on it is none of `brokers`; resolves when its process has ended. */
  async end(place: number, how: "clean" | "killed"): Promise<void> {
    this.#running.delete(place);
    await this.#brokers[place]?.end(how);
  }

  async endAll(how: "clean" | "killed" = "killed"): Promise<void> {
    for (const place of [...this.#running]) await this.end(place, how);
  }

  /** With their ids, once all who run are in the cluster. In the order of places. */
  async all(): Promise<readonly Machine[]> {
    const socket = await this.connect();
    try {
      const ids = new Map((await brokersOf(socket, this.brokers.length)).map(({ nodeId, port }) => [port, nodeId]));
      return this.brokers.map((broker) => ({ id: ids.get(broker.port) ?? -1, broker }));
    } finally {
      socket.close();
    }
  }

  /** To the first broker that runs. */
  connect(): Promise<FrameSocket> {
    const [first] = this.brokers;
    if (first === undefined) throw new Error("no broker runs");
    return FrameSocket.connect(first);
  }

  /** Makes a topic whose partitions the machine leads, and waits until it does. Gives its name. */
  async createTopic(led: Machine, partitions: number): Promise<string> {
    const name = this.topicName();
    const others = (await this.all()).filter(({ id }) => id !== led.id).map(({ id }) => id);
    const socket = await this.connect();
    try {
      await createLedTopic(socket, name, partitions, [led.id, ...others.slice(0, 2)]);
    } finally {
      socket.close();
    }
    await until(led.broker, (asked) => leadingFault(asked, name, partitions));
    return name;
  }

  cpuSeconds(): number | undefined {
    return this.brokers.reduce<number | undefined>((sum, broker) => add(sum, broker.cpuSeconds()), 0);
  }

  #nodeOptions(place: number): LaunchOptions {
    const port = this.#ports[place] ?? 0;
    const voters = this.#ports.slice(0, CONTROLLERS).map((of, index) => `${index + 1}@127.0.0.1:${of + 1}`);
    const roles = place < CONTROLLERS ? {} : { "process.roles": "broker", listeners: `PLAINTEXT://127.0.0.1:${port}` };
    const own = { "node.id": String(place + 1), "controller.quorum.voters": voters.join(), ...roles };
    const internal = {
      "offsets.topic.replication.factor": "3",
      "transaction.state.log.replication.factor": "3",
      "transaction.state.log.min.isr": "2",
    };
    return { port, settings: { ...this.#settings, ...internal, ...own } };
  }
}

function add(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}

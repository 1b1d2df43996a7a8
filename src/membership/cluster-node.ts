// One process that is one broker of a cluster of machines: a broker over an object store and a database instead of a folder (node.ts). What
// brokers share is in the database; this process has a lease, a broker, and an engine for it.
//
// A broker lives as long as its lease: a term. When the lease was ended, because the broker was silent for too long, the broker is stopped and all
// that it has in memory dropped, and another begins with a new lease, at the same address and under the same id, as if the process had been
// started again. While the lease has merely lapsed (the database is away) the broker stays as it is and leads nobody (lease-guard.ts).
//
//   begin   claim a lease ─▶ open an engine ─▶ start the broker, which registers ─▶ the others give it its part
//   stop    flush, commit that it stops and who leads now ─▶ end connections ─▶ give the lease back
//
// Who gives a partition to a broker that came gives it up first, flushed, and then commits that. Who takes over from one that is gone waits for
// the end of its lease: after that it serves nobody. Where a client moves a leadership (a reassignment, an election), the one that led hears of
// it from the database, and may for that moment still answer reads, as on Kafka; its writes are refused from then on.
//
// An id that was given to this process is its own: where another process claims it, this one ends. One that was given out belongs to the
// address at which clients find it, whoever starts there; who lost it so, since two tell clients the same address, goes on under another.

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { systemClock } from "../base/system-clock.ts";
import type { Broker } from "../broker/broker.ts";
import type { NewTopic } from "../broker/broker-options.ts";
import { ensureAcls } from "../broker/given-acls.ts";
import { Cluster } from "../cluster/cluster.ts";
import type { Change } from "../cluster/image.ts";
import { type BrokerConfig, originsOf, placeOf } from "../config/broker-config.ts";
import { SettingError } from "../config/setting.ts";
import type { ClusterDatabase } from "../diskless/cluster-database.ts";
import type { Claimant, Incarnation } from "../diskless/leases.ts";
import { checkPeerTrust } from "../security/peer-trust.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type OpenEngine, Term } from "./term.ts";

export interface ClusterNodeOptions {
  /** Its id, where none was given, is given out by the cluster. */
  readonly config: BrokerConfig;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** See BrokerOptions. */
  readonly machineHost?: string | undefined;
  /** Closed with the node. */
  readonly database: ClusterDatabase<Change>;
  readonly openEngine: OpenEngine;
  readonly topics: readonly NewTopic[];
  /** Default true. False: the process may end while the broker runs. */
  readonly keepsProcessAlive?: boolean;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;

/** Throws SettingError, StorageError, or Node's own error when a port cannot be taken. */
export async function openClusterNode(options: ClusterNodeOptions): Promise<ClusterNode> {
  const { database } = options;
  let cluster: Cluster | undefined;
  let node: ClusterNode | undefined;
  try {
    checkSettings(options.config);
    cluster = await Cluster.open(database.metadata, database.clusterId);
    node = new ClusterNode(options, cluster);
    await node.start();
    return node;
  } catch (error) {
    if (node === undefined) {
      cluster?.close();
      await database.close();
    } else await node.stop();
    throw error;
  }
}

/** Throws SettingError. */
function checkSettings(config: BrokerConfig): void {
  if (config["odradek.tls"]) {
    const message =
      "odradek.tls makes certificates with a data folder, and there is none; give the TLS listeners a key store (ssl.keystore.location)";
    throw new SettingError("CONFLICT", "odradek.tls", message, placeOf(config, "odradek.tls"));
  }
  const [interval, timeout] = ["broker.heartbeat.interval.ms", "broker.session.timeout.ms"] as const;
  if (2 * config[interval] > config[timeout]) {
    const message = `${interval} (${config[interval]}) must be at most half of ${timeout} (${config[timeout]}): leases would end between renewals`;
    throw new SettingError("CONFLICT", interval, message, placeOf(config, interval) ?? placeOf(config, timeout));
  }
  checkPeerTrust(config, systemClock.now());
}

export class ClusterNode {
  /** The cluster as the process sees it, whether or not its broker is there. */
  readonly cluster: Cluster;
  /** Settles when the node cannot go on by itself; then it is to be stopped. The message is a sentence. */
  readonly failure: Promise<Error>;
  readonly #options: ClusterNodeOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #failures: FailureLog;
  #fail: (error: Error) => void = () => undefined;
  #term: Term | undefined;
  #broker: Broker | undefined;
  /** The port that the first broker took. */
  #port: number;
  #succession: Promise<void> = Promise.resolve();
  #isStopping = false;
  #wake: () => void = () => undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ClusterNodeOptions, cluster: Cluster) {
    this.cluster = cluster;
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#failures = new FailureLog(this.#logger.child({ component: "membership" }));
    this.#port = options.port;
    this.failure = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /** The one that runs, or ran last. */
  get broker(): Broker {
    assert(this.#broker !== undefined, "a broker of this process has run");
    return this.#broker;
  }

  /** Called once, by openClusterNode. */
  async start(): Promise<void> {
    const { config, topics } = this.#options;
    await ensureAcls(this.cluster, config, this.#logger.child({ component: "authorizer" }));
    const term = await this.#begin({ brokerId: this.#givenId, address: this.#address });
    await term.broker.ensureTopics(topics);
  }

  /** Hands over, ends connections and closes the database; safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await this.#succession;
    await this.#term?.stop();
    this.cluster.close();
    await this.#options.database.close();
  }

  get #givenId(): number | undefined {
    const { config } = this.#options;
    const isGiven = originsOf(config, "node.id").length > 1 || originsOf(config, "broker.id").length > 1;
    return isGiven ? config["node.id"] : undefined;
  }

  /** Where clients find it: the advertised addresses, else that of the machine. None with a port that is not chosen yet. */
  get #address(): string | undefined {
    const { config, host, machineHost = host, port } = this.#options;
    const told = config["advertised.listeners"];
    if (told !== null) return told.join();
    return port === 0 ? undefined : `${machineHost}:${port}`;
  }

  async #begin(claimant: Claimant): Promise<Term> {
    const { config, host, machineHost, database, openEngine, keepsProcessAlive = true, random = systemRandom } = this.#options;
    const options = {
      ...{ config, host, port: this.#port, machineHost, database, openEngine, keepsProcessAlive, random },
      ...{ cluster: this.cluster, logger: this.#logger, clock: this.#clock },
    };
    const term = await Term.begin(options, claimant);
    this.#term = term;
    this.#broker = term.broker;
    this.#port = term.broker.port;
    void term.ended.then(() => {
      this.#succession = this.#succeed(term);
    });
    return term;
  }

  /** The lease was ended. Never rejects. */
  async #succeed(ended: Term): Promise<void> {
    const { brokerId, number } = ended.incarnation;
    this.#logger.child({ component: "membership" }).warn({ broker: brokerId, incarnation: number }, "lost the lease, and begins anew");
    await ended.drop();
    this.#term = undefined;
    for (let delayMs = FIRST_DELAY_MS; !this.#isStopping; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
      try {
        await this.#beginAgain(ended.incarnation);
        this.#failures.worked("beginning");
        return;
      } catch (error) {
        if (!(error instanceof StorageError && error.code === "UNAVAILABLE")) {
          this.#fail(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        this.#failures.failed("beginning", error, "could not begin anew");
        await this.#pause(delayMs);
      }
    }
  }

  async #beginAgain({ brokerId, number }: Incarnation): Promise<void> {
    const leases = await this.#options.database.leases.list();
    const isTaken = leases.some((lease) => lease.brokerId === brokerId && lease.number !== number && !lease.isEnded);
    if (isTaken && this.#givenId !== undefined)
      throw new Error(
        `Broker ${brokerId} of this cluster was started elsewhere, and took over; give each its own id, or none to have one given out.`,
      );
    await this.#begin(isTaken ? {} : { brokerId });
  }

  /** Until then, or until the node stops. */
  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

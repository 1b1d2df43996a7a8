// From options to a running broker or cluster. Defaults are those of a test: free ports on loopback, data in memory, and a process that may
// end although nobody stopped it.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { MemoryFilesystem } from "../base/memory-filesystem.ts";
import { nodeFilesystem } from "../base/node-filesystem.ts";
import type { Random } from "../base/random.ts";
import { systemClock } from "../base/system-clock.ts";
import type { NewTopic } from "../broker/broker-options.ts";
import { brokerConfig, type SettingInputs } from "../config/broker-config.ts";
import type { Character } from "../config/character.ts";
import { sharesOf } from "../config/memory-shares.ts";
import { FaultyFilesystem } from "../faults/faulty-filesystem.ts";
import { Network } from "../faults/network.ts";
import { type BrokerPlace, openNode, type RunningNode } from "../node.ts";
import { printAcls } from "../security/acl-notation.ts";
import { PASSWORD_MECHANISMS } from "../security/sasl-terms.ts";
import { printUsers } from "../security/sasl-users.ts";
import { OAuthKit } from "./oauth-kit.ts";
import { type NewBroker, RunningBroker } from "./running-broker.ts";

export interface StartOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default "localhost": both loopback families. */
  readonly host?: string;
  /** "memory" (default), or the folder that keeps the data. */
  readonly data?: string;
  /** Topics that exist once the broker has started, by name or with all that belongs to them. */
  readonly topics?: readonly (string | NewTopic)[];
  /** Passwords by user: clients have to log in as one of them, by PLAIN or SCRAM. Default: nobody is asked. */
  readonly users?: Readonly<Record<string, string>>;
  /** True: clients have to show a token of an issuer inside the test, which `broker.oauth` gives. Default false. */
  readonly oauth?: boolean;
  /** True: clients come over TLS, and trust `broker.tls.ca`. Default false. */
  readonly tls?: boolean;
  /** False: HTTP is not answered. A number: on a port of its own, 0 any free one. Default true: on the broker's port (`broker.httpUrl`). */
  readonly http?: boolean | number;
  /** Access rules, one sentence each, which are then in force: "User:alice allow read,describe topic orders*". */
  readonly acls?: readonly string[];
  /** Kafka's broker settings, by Kafka's names. */
  readonly settings?: SettingInputs;
  /** "kafka": Apache Kafka's own delays and defaults. Default "kind": to developers. */
  readonly like?: Character;
  /** Default: silent. A pino logger fits, with `isDebugging` added. */
  readonly logger?: Logger;
  /** A Fetch that finds nothing is answered after so long at the latest; default 100, with `like: "kafka"` what the client asks for. */
  readonly longestFetchMs?: number;
  /** Default false: the process may end while the broker runs. */
  readonly keepsProcessAlive?: boolean;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: the system's. */
  readonly random?: Random;
}

export interface ClusterOptions extends Omit<StartOptions, "port"> {
  /** How many (ids 1, 2, …; default 3), or each with its id, rack and port. */
  readonly brokers?: number | readonly NewBroker[];
  /** One for each broker; any free ones by default. */
  readonly ports?: readonly number[];
  /** One for each broker, repeated when there are fewer: ["a", "b"] puts brokers 1 and 3 into rack a. */
  readonly racks?: readonly string[];
}

const DEFAULT_BROKERS = 3;
const DEFAULT_LONGEST_FETCH_MS = 100;
/** Members learn of each other by their heartbeats: within this time also in a group that was left alone for long. */
const HEARTBEAT_INTERVAL_MS = 500;

/**
 * Starts a broker in this process.
 *
 * @throws SettingError for a setting or topic that is not allowed; StorageError when the data folder cannot be used; Node's own
 *   error (`code` EADDRINUSE, EACCES) when the port cannot be taken.
 */
export function startBroker(options: StartOptions = {}): Promise<RunningBroker> {
  const { port, ...others } = options;
  return start(others, [{ port: port ?? 0 }]);
}

/** Starts a cluster in this process: several brokers over one storage. Throws as startBroker does. */
export async function startCluster(options: ClusterOptions = {}): Promise<RunningBroker> {
  const { brokers = DEFAULT_BROKERS, ports = [], racks = [], ...others } = options;
  const wanted: readonly NewBroker[] = typeof brokers === "number" ? Array.from({ length: brokers }, () => ({})) : brokers;
  if (wanted.length === 0) throw new RangeError("a cluster has at least one broker");
  return start(
    others,
    wanted.map((broker, index) => {
      const rack = broker.rack ?? racks[index % racks.length];
      return { port: ports[index] ?? 0, ...broker, ...(rack === undefined ? {} : { rack }) };
    }),
  );
}

async function start(options: Omit<StartOptions, "port">, brokers: readonly NewBroker[]): Promise<RunningBroker> {
  const oauth = options.oauth ? await OAuthKit.start(options.clock ?? systemClock) : undefined;
  try {
    return await startWith(options, brokers, oauth);
  } catch (error) {
    oauth?.close();
    throw error;
  }
}

async function startWith(
  options: Omit<StartOptions, "port">,
  brokers: readonly NewBroker[],
  oauth: OAuthKit | undefined,
): Promise<RunningBroker> {
  const { host = "localhost", data = "memory", topics = [], settings = {}, like = "kind", clock = systemClock } = options;
  const after = (delayMs: number, action: () => void) => clock.after(delayMs, action);
  const isOne = brokers.length === 1;
  const groups = like === "kafka" ? {} : heartbeatDefaults(settings);
  const shared = {
    ...groups,
    ...(isOne ? {} : clusterDefaults(brokers, like)),
    ...securitySettings(options, oauth),
    ...httpSettings(options),
    ...settings,
  };
  const placeOf = ({ id, rack, port = 0 }: NewBroker): BrokerPlace => ({
    config: brokerConfig({
      character: like,
      sharers: brokers.length,
      argument: { ...shared, ...(id === undefined ? {} : { "node.id": id }), ...(rack === undefined ? {} : { "broker.rack": rack }) },
    }),
    host,
    port,
  });
  const places = brokers.map((broker, index) => placeOf(isOne ? broker : { id: index + 1, ...broker }));
  const [first, ...others] = places;
  if (first === undefined) throw new RangeError("a cluster has at least one broker");
  const memory = () => new MemoryFilesystem(clock, sharesOf(first.config, places.length)?.stored);
  const disk = new FaultyFilesystem(data === "memory" ? memory() : nodeFilesystem, after);
  const network = new Network(() => node.cluster.image);
  const node: RunningNode = await openNode({
    ...first,
    others,
    data,
    topics: topics.map((topic) => (typeof topic === "string" ? { name: topic } : topic)),
    filesystem: disk,
    metadataFor: (brokerId, store) => network.metadataFor(brokerId, store),
    clock,
    keepsProcessAlive: options.keepsProcessAlive ?? false,
    ...(options.random === undefined ? {} : { random: options.random }),
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  });
  const { longestFetchMs = like === "kafka" ? Number.POSITIVE_INFINITY : DEFAULT_LONGEST_FETCH_MS } = options;
  return new RunningBroker({ node, clock, disk, network, longestFetchMs, placeOf, users: options.users ?? {}, oauth });
}

function securitySettings({ users, tls, acls }: StartOptions, oauth: OAuthKit | undefined): SettingInputs {
  // A broker of users asks for a login, also where nobody has a password.
  const known = users ?? (oauth === undefined ? undefined : {});
  return {
    ...(known === undefined ? {} : { "odradek.users": printUsers(known) }),
    ...oauth?.settings(Object.keys(known ?? {}).length === 0 ? [] : PASSWORD_MECHANISMS),
    ...(tls === undefined ? {} : { "odradek.tls": tls }),
    ...(acls === undefined ? {} : { "odradek.acls": printAcls(acls) }),
  };
}

/** A number is for one broker: several cannot have one port. */
function httpSettings({ http = true }: StartOptions): SettingInputs {
  if (typeof http === "number") return { "odradek.http.port": http };
  return http ? {} : { "odradek.http": false };
}

/** None where the test says something itself, which these might contradict. */
function heartbeatDefaults(settings: SettingInputs): SettingInputs {
  const names = ["group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms"];
  const isGiven = names.concat("group.consumer.max.heartbeat.interval.ms").some((name) => name in settings);
  return isGiven ? {} : Object.fromEntries(names.map((name) => [name, HEARTBEAT_INTERVAL_MS]));
}

const RACK_AWARE = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
const MOST_REPLICAS = 3;

/** As many replicas as Kafka's own defaults ask for, and reads by rack where there are racks. */
export function clusterDefaults(brokers: readonly { readonly rack?: string }[], character: Character): SettingInputs {
  const replicas = Math.min(MOST_REPLICAS, brokers.length);
  const internal = {
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": Math.min(2, replicas),
    "share.coordinator.state.topic.replication.factor": replicas,
  };
  if (character === "kafka") return internal;
  const hasRacks = brokers.some(({ rack }) => rack !== undefined);
  return { ...internal, "default.replication.factor": replicas, ...(hasRacks ? { "replica.selector.class": RACK_AWARE } : {}) };
}

// A node of a cluster of machines over the services that its settings name: PostgreSQL for what brokers share and the order of records, a store
// with S3's interface for the records. Both are loaded here and nowhere else, so that who has a folder knows nothing of them.

import { assert } from "../base/assert.ts";
import { silentLogger } from "../base/logger.ts";
import { nodeFilesystem } from "../base/node-filesystem.ts";
import { type ObjectStore, ObjectStoreError } from "../base/object-store.ts";
import { systemRandom } from "../base/random.ts";
import { systemClock } from "../base/system-clock.ts";
import { type Change, compactChanges } from "../cluster/image.ts";
import { mayMoveLeaderships } from "../cluster/leadership-moves.ts";
import type { ClusterDatabase } from "../diskless/cluster-database.ts";
import type { DisklessEngine } from "../diskless/diskless-engine.ts";
import { baseOf, KEY_PREFIX } from "../diskless/object-keys.ts";
import { PatientStore } from "../diskless/patient-store.ts";
import { disklessSettings } from "../diskless/settings.ts";
import { StoreHealth } from "../diskless/store-health.ts";
import { TrafficMeter } from "../diskless/store-traffic.ts";
import { claimPrefix, ownerOf, type PrefixOwner } from "../diskless/upkeep/cluster-marker.ts";
import { StorageError } from "../storage/storage-error.ts";
import { type ClusterNode, type ClusterNodeOptions, openClusterNode } from "./cluster-node.ts";
import { addressTowards } from "./own-address.ts";
import { ServiceFailure } from "./service-failure.ts";
import { shownDatabase } from "./shown-database.ts";
import type { OpenEngine } from "./term.ts";

export interface MachineOptions extends Omit<ClusterNodeOptions, "database" | "openEngine" | "machineHost" | "host"> {
  /** Default: every interface, and where the database is on this machine too, this machine only. */
  readonly host?: string | undefined;
  /** In which the store's region, endpoint and credentials are. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For a cluster that is to be made: its id. */
  readonly clusterId?: string | undefined;
}

export interface Machine {
  readonly node: ClusterNode;
  /** Where its records are, as it was given. */
  readonly objects: string;
  /** Without a password. */
  readonly database: string;
}

/** Throws ServiceFailure, SettingError, StorageError, or Node's own error when a port cannot be taken. */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  const { config, environment: _, clusterId: __, host, ...rest } = options;
  const url = config["diskless.cluster"];
  const objects = config["diskless.objects"];
  assert(url !== null && objects !== null, "a start asks for both services or for none");
  const address = URL.canParse(url) ? await addressTowards(new URL(url).hostname) : undefined;
  const store = await openStore(options, objects);
  const terms: Terms = { engine: undefined };
  try {
    const database = await openDatabase(options, url, terms);
    try {
      await checkOwner(store, objects, database);
    } catch (error) {
      await database.close();
      throw error;
    }
    const node = await openClusterNode({
      ...rest,
      config,
      host: host ?? (address === undefined ? "localhost" : "0.0.0.0"),
      machineHost: address,
      ...(await over(database, store, { options, terms })),
    });
    return { node, objects, database: shownDatabase(url) };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Of one process, of which one runs. */
interface Terms {
  /** Of the one that runs, or ran last. */
  engine: DisklessEngine | undefined;
}

/** For the log, where a store does not answer. */
function waitingIn(terms: Terms): () => object {
  return () => terms.engine?.waiting ?? {};
}

async function openStore(
  { environment, clock = systemClock, logger = silentLogger }: MachineOptions,
  location: string,
): Promise<ObjectStore> {
  const { S3ObjectStore } = await import("../diskless/s3/s3-object-store.ts");
  try {
    return await S3ObjectStore.open({ location, environment, clock, logger: logger.child({ component: "objects" }) });
  } catch (error) {
    throw error instanceof ObjectStoreError ? new ServiceFailure("diskless.objects", location, error.message, { cause: error }) : error;
  }
}

async function openDatabase(options: MachineOptions, url: string, terms: Terms): Promise<ClusterDatabase<Change>> {
  const { clock = systemClock, random = systemRandom, logger = silentLogger, clusterId } = options;
  const { openPostgresDatabase } = await import("../diskless/postgres/database.ts");
  try {
    return await openPostgresDatabase<Change>({
      ...{ url, compact: compactChanges, mayMoveLeaderships, clock, random },
      logger: logger.child({ component: "database" }),
      waiting: waitingIn(terms),
      ...(clusterId === undefined ? {} : { clusterId }),
    });
  } catch (error) {
    throw error instanceof StorageError
      ? new ServiceFailure("diskless.cluster", shownDatabase(url), error.message, { cause: error })
      : error;
  }
}

/**
 * The marker under the cluster's keys names the database that they belong to. Where there is none and the cluster has had brokers, they keep
 * their records elsewhere.
 */
async function checkOwner(
  store: ObjectStore,
  objects: string,
  { clusterId, databaseId, metadata }: ClusterDatabase<Change>,
): Promise<void> {
  const refuse = (reason: string, options?: ErrorOptions) => new ServiceFailure("diskless.objects", objects, reason, options);
  const marker = { store, base: baseOf(KEY_PREFIX, clusterId), databaseId };
  let owner: PrefixOwner;
  try {
    if (metadata.version > 0 && (await ownerOf(marker)) === undefined)
      throw refuse(`nothing there is of the cluster ${clusterId}, whose brokers keep their records elsewhere`);
    owner = await claimPrefix(marker);
  } catch (error) {
    throw error instanceof ObjectStoreError ? refuse(error.message, { cause: error }) : error;
  }
  if (owner.kind === "foreign")
    throw refuse(
      `what is there of the cluster ${clusterId} is the records of another database, of which this one is a copy; where the other is gone for ` +
        "good, `odradek cluster --adopt` with the same --cluster and --objects makes them this one's",
    );
}

interface Surroundings {
  readonly options: MachineOptions;
  readonly terms: Terms;
}

/** What is asked of the object store goes through one queue; what was read of it is kept on the disk, too, where a folder is given. */
interface Stores {
  readonly patient: PatientStore;
  /** For what clients wait for. */
  readonly foreground: ObjectStore;
}

async function storesOver(store: ObjectStore, { options, terms }: Surroundings): Promise<Stores> {
  const { config, clock = systemClock, random = systemRandom } = options;
  const logger = (options.logger ?? silentLogger).child({ component: "objects" });
  const health = new StoreHealth(config["diskless.objects"] ?? "", clock, logger, waitingIn(terms));
  const patient = new PatientStore({ store, health, clock, random, logger });
  const { cacheDirectory: folder, cacheDiskBytes: maxBytes } = disklessSettings(config);
  if (folder === undefined) return { patient, foreground: patient.foreground };
  const { DiskCachedStore } = await import("../diskless/disk-cached-store.ts");
  const foreground = DiskCachedStore.open({ store: patient.foreground, folder, maxBytes, filesystem: nodeFilesystem, clock, logger });
  return { patient, foreground };
}

/** Loads the engine. */
async function over(
  database: ClusterDatabase<Change>,
  store: ObjectStore,
  { options, terms }: Surroundings,
): Promise<Pick<ClusterNodeOptions, "database" | "openEngine">> {
  const { config, clock = systemClock, random = systemRandom, logger: given = silentLogger } = options;
  const [{ DisklessEngine }, { Upkeep }] = await Promise.all([
    import("../diskless/diskless-engine.ts"),
    import("../diskless/upkeep/upkeep.ts"),
  ]);
  const { patient, foreground } = await storesOver(store, { options, terms });
  const { clusterId, databaseId, leases, metadata } = database;
  const settings = disklessSettings(config);
  const logger = given.child({ component: "log" });
  const location = config["diskless.objects"] ?? "";
  const traffic = new TrafficMeter({ counts: () => patient.counts, clock, random });
  const shared = { clusterId, prefix: KEY_PREFIX, clock, logger };
  const openEngine: OpenEngine = (incarnation, { fenced, image }) => {
    const catalog = database.catalog(incarnation);
    const upkeep = new Upkeep({
      ...shared,
      ...{ catalog, leases, databaseId, incarnation: incarnation.number, upkeepCatalog: database.upkeepCatalog(incarnation) },
      store: patient.upkeep,
      traffic,
      knownPartitions: async () => {
        await metadata.look?.();
        const { topicsById } = image();
        return ({ topicId, partition }) => partition < (topicsById.get(topicId)?.partitions.length ?? 0);
      },
      intervalMs: () => settings.upkeepIntervalMs,
      graceMs: () => settings.objectGraceMs,
    });
    const producerIdExpirationMs = () => config["producer.id.expiration.ms"];
    const engineOptions = { ...shared, store: foreground, location, settings, random, producerIdExpirationMs };
    const engine = new DisklessEngine(engineOptions, { incarnation: incarnation.number, catalog, upkeep });
    engine.onFenced(fenced);
    terms.engine = engine;
    return engine;
  };
  return { database: closingBoth(database, foreground), openEngine };
}

function closingBoth(database: ClusterDatabase<Change>, store: ObjectStore): ClusterDatabase<Change> {
  const { clusterId, databaseId, metadata, leases, usage } = database;
  return {
    ...{ clusterId, databaseId, metadata, leases, usage },
    catalog: (incarnation) => database.catalog(incarnation),
    upkeepCatalog: (incarnation) => database.upkeepCatalog(incarnation),
    close: async () => {
      await database.close();
      store.close();
    },
  };
}

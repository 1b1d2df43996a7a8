// A data folder that no broker uses, opened to set it right: to look after strays, and to make its metadata anew from what is left of them.
// It is locked for as long, as by a broker.

import { type Logger, silentLogger } from "../base/logger.ts";
import { nodeFilesystem as filesystem } from "../base/node-filesystem.ts";
import { systemRandom } from "../base/random.ts";
import { adoptedConfigs, adoptionChanges, adoptionFault, type FoundTopic, foundTopics, type LogState } from "../cluster/adoption.ts";
import { Cluster } from "../cluster/cluster.ts";
import { applyChanges, type Change, type ClusterImage, compactChanges, emptyImage } from "../cluster/image.ts";
import { type KnownLog, raisedChanges, salvageChanges } from "../cluster/salvage.ts";
import { isOfTopic } from "../cluster/strays.ts";
import { brokerConfig } from "../config/broker-config.ts";
import { topicSettings } from "../config/topic-config.ts";
import { readDamagedJournal, replaceDamagedJournal } from "../log/damaged-journal.ts";
import { JOURNAL_FILE, type JournalMetadataStore, openJournalMetadataStore } from "../log/journal-metadata-store.ts";
import { storedBrokerId } from "../log/meta-properties.ts";
import { openSegmentedEngine, type SegmentedEngine } from "../log/segmented-engine.ts";
import type { StrayFolder } from "../log/stray-folders.ts";
import type { StoredPartition } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { CommandError } from "./command-error.ts";
import { storageSentence } from "./start-failure.ts";

const DEFAULT_BROKER_ID = 1;

export interface AdoptedTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
}

export interface Repair {
  /** Where the damaged journal is; `undefined` when it was missing. */
  readonly kept: string | undefined;
  readonly lostUnits: number;
  readonly adopted: readonly AdoptedTopic[];
  /** Topics whose folders were set aside as strays, and why. */
  readonly refused: readonly { readonly name: string; readonly fault: string }[];
}

/** Opens the folder, works in it, and closes it. Raises CommandError. */
export async function inDataFolder<Result>(
  data: string,
  work: (folder: DataFolder) => Result | Promise<Result>,
  logger: Logger = silentLogger,
): Promise<Result> {
  if (filesystem.stat(data)?.isDirectory !== true) throw new CommandError(`There is no data folder ${data}; name one with --data.`);
  let folder: DataFolder | undefined;
  try {
    folder = new DataFolder(data, logger);
    return await work(folder);
  } catch (error) {
    throw error instanceof StorageError ? new CommandError(storageSentence(error, data)) : error;
  } finally {
    await folder?.close();
  }
}

export class DataFolder {
  readonly #directory: string;
  readonly #brokerId: number;
  readonly #engine: SegmentedEngine;
  readonly #config = brokerConfig();
  #journal: JournalMetadataStore<Change> | undefined;

  /** Throws StorageError. */
  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#brokerId = storedBrokerId(filesystem, directory) ?? DEFAULT_BROKER_ID;
    this.#engine = openSegmentedEngine({
      filesystem,
      directory,
      brokerId: this.#brokerId,
      logger,
      // Of a producer that a broker would forget the id is not free either.
      producerIdExpirationMs: () => Number.MAX_SAFE_INTEGER,
    });
  }

  get strays(): readonly StrayFolder[] {
    return this.#engine.strays();
  }

  deleteStrays(strays: readonly StrayFolder[]): void {
    for (const stray of strays) this.#engine.deleteStray(stray);
  }

  /** All of them or none. Raises CommandError; throws StorageError. */
  async adopt(strays: readonly StrayFolder[], { isFilling }: { readonly isFilling: boolean }): Promise<readonly AdoptedTopic[]> {
    const cluster = await Cluster.open(this.#openJournal(), this.#engine.clusterId);
    const topics = foundTopics(strays);
    for (const topic of topics) {
      const fault = adoptionFault(cluster.image, topic, { isFilling });
      if (fault !== undefined) throw new CommandError(`${topic.name} is not adopted: ${fault}.`);
    }
    for (const stray of strays) this.#engine.adopt(stray);
    const adopted: AdoptedTopic[] = [];
    for (const topic of topics) {
      const one = await cluster.transact((image) => {
        const { changes, ...result } = this.#adoption(image, topic);
        return { changes, result };
      });
      adopted.push(one);
    }
    cluster.close();
    return adopted;
  }

  /** `undefined` when the metadata journal is whole. Throws StorageError. */
  repair(): Repair | undefined {
    if (this.#isJournalWhole()) return undefined;
    const path = `${this.#directory}/${JOURNAL_FILE}`;
    const { units, version, lostUnits } = readDamagedJournal<Change>(filesystem, path);
    const changes: Change[] = [...salvageChanges(units)];
    let image = applyChanges(emptyImage(this.#engine.clusterId), changes);
    const take = (more: readonly Change[]) => {
      changes.push(...more);
      image = applyChanges(image, more);
    };
    const stored = this.#engine.list();
    const known = stored.filter((one) => isOfTopic(image, one));
    take(raisedChanges(image, this.#knownLogs(image, known), lostUnits));
    const unknown = stored.filter((one) => !known.includes(one));
    const adopted: AdoptedTopic[] = [];
    const refused: { name: string; fault: string }[] = [];
    for (const topic of foundTopics(unknown)) {
      const fault = adoptionFault(image, topic, { isFilling: false });
      if (fault === undefined) {
        const { changes: more, ...one } = this.#adoption(image, topic);
        take(more);
        adopted.push(one);
      } else {
        for (const one of unknown) if (one.topic === topic.name) this.#engine.setAside(one);
        refused.push({ name: topic.name, fault });
      }
    }
    const uniqueHex = systemRandom.uuidText().replaceAll("-", "");
    const kept = replaceDamagedJournal(filesystem, path, { version, changes: compactChanges(changes), uniqueHex });
    return { kept, lostUnits, adopted, refused };
  }

  async close(): Promise<void> {
    await this.#journal?.close();
    await this.#engine.close();
  }

  #openJournal(): JournalMetadataStore<Change> {
    this.#journal = openJournalMetadataStore<Change>({
      filesystem,
      path: `${this.#directory}/${JOURNAL_FILE}`,
      hasData: () => this.#engine.hasPartitions(),
      compact: compactChanges,
    });
    return this.#journal;
  }

  #isJournalWhole(): boolean {
    try {
      this.#openJournal();
      return true;
    } catch (error) {
      if (error instanceof StorageError && error.code === "METADATA_CORRUPT") return false;
      throw error;
    }
  }

  #adoption(image: ClusterImage, { name, ids, partitions }: FoundTopic): AdoptedTopic & { readonly changes: readonly Change[] } {
    const id = ids[0] ?? systemRandom.uuid();
    const configs = adoptedConfigs(name, this.#config);
    const logs = partitions.map((partition) => this.#logState({ topic: name, partition, topicId: id }, configs));
    const changes = adoptionChanges(image, { name, id, configs, logs }, this.#brokerId);
    return { name, id, partitions: partitions.length, changes };
  }

  #knownLogs(image: ClusterImage, stored: readonly StoredPartition[]): readonly KnownLog[] {
    return stored.flatMap((one) => {
      const topic = image.topicsByName.get(one.topic);
      if (topic === undefined) return [];
      return [{ topicId: topic.id, ...this.#logState({ ...one, topicId: topic.id }, topic.configs) }];
    });
  }

  #logState(stored: StoredPartition & { readonly topicId: string }, configs: Readonly<Record<string, string>>): LogState {
    const log = this.#engine.open({ ...stored, settings: topicSettings(this.#config, configs) });
    const producerIds = log.activeProducers().map(({ producerId }) => producerId);
    const nextProducerId = producerIds.reduce((next, id) => Math.max(next, id + 1), 0);
    return { partition: stored.partition, leaderEpoch: log.leaderEpochAt(log.logEndOffset), nextProducerId };
  }
}

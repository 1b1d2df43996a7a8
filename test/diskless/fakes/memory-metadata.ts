// Units of metadata in memory, shared by several processes, each of which sees them over a link of its own (link.ts), and hears of news
// only while that is not cut. What makes a MetadataStore of them is the broker's own code.

import type { Clock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { systemRandom } from "../../../src/base/random.ts";
import type { History, MetadataUnits, StoredUnit, UnitsAfter } from "../../../src/diskless/metadata-units.ts";
import { type UnitMetadataOptions, UnitMetadataStore } from "../../../src/diskless/unit-metadata-store.ts";
import { Link } from "./link.ts";

export type MemoryMetadataOptions<Change> = Partial<Omit<UnitMetadataOptions<Change>, "units">> & {
  readonly clock: Clock;
  readonly link?: Link;
  /** Word of news does not come. */
  readonly isDeaf?: boolean;
};

export class MemoryMetadata<Change> {
  /** Those that are kept. */
  units: readonly StoredUnit<Change>[] = [];
  snapshots: readonly { readonly version: number; readonly changes: readonly Change[] }[] = [];
  readonly #processes = new Set<{ readonly link: Link; readonly store: UnitMetadataStore<Change> }>();

  /** As one more process has it. */
  async open(options: MemoryMetadataOptions<Change>): Promise<UnitMetadataStore<Change>> {
    const { link = new Link(), isDeaf = false } = options;
    const store = await UnitMetadataStore.open<Change>({
      compact: (changes) => changes,
      mayMoveLeaderships: () => true,
      random: systemRandom,
      logger: silentLogger,
      ...options,
      units: link.to(this.#view()),
    });
    if (!isDeaf) this.#processes.add({ link, store });
    return store;
  }

  /** As from a backup of when that was the newest version. */
  restore(version: number): void {
    this.units = this.units.filter((unit) => unit.version <= version);
    this.snapshots = this.snapshots.filter((snapshot) => snapshot.version <= version);
  }

  /** As when a snapshot stands for them for long enough. */
  forgetUnitsBefore(version: number): void {
    this.units = this.units.filter((unit) => unit.version >= version);
  }

  get newestVersion(): number {
    return this.units.at(-1)?.version ?? 0;
  }

  #view(): MetadataUnits<Change> {
    return {
      add: async (unit) => this.#add(unit),
      after: async (version, limit) => this.#after(version, limit),
      history: async (version) => this.#history(version),
      keepSnapshot: async (version, changes) => {
        this.snapshots = [...this.snapshots, { version, changes }];
      },
    };
  }

  #add(unit: StoredUnit<Change>): boolean {
    if (unit.version !== this.newestVersion + 1) return false;
    this.units = [...this.units, unit];
    for (const { link, store } of this.#processes) if (!link.isCutOff && link.fate("news") === "done") store.hear(unit.version);
    return true;
  }

  #after(version: number, limit: number): UnitsAfter<Change> {
    return {
      units: this.units.filter((unit) => unit.version > version).slice(0, limit),
      newestVersion: this.newestVersion,
      id: this.units.find((unit) => unit.version === version)?.id,
    };
  }

  #history(version: number): History<Change> | undefined {
    const snapshot = this.snapshots.findLast((each) => each.version <= version);
    const base = snapshot?.version ?? 0;
    const units = this.units.filter((unit) => unit.version > base && unit.version <= version);
    if (base + units.length !== version) return undefined;
    return { snapshot: snapshot?.changes ?? [], newer: units.flatMap(({ changes }) => changes) };
  }
}

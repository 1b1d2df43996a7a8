// Deleting: softly first, after which a version is out of lists, look-ups and comparisons but still found by its id; then for good.

import {
  referenceExists,
  subjectNotFound,
  subjectNotSoftDeleted,
  subjectSoftDeleted,
  versionNotFound,
  versionNotSoftDeleted,
  versionSoftDeleted,
} from "./errors.ts";
import type { SchemaVersion } from "./records.ts";
import type { Settings } from "./settings.ts";
import type { RegistryStore } from "./store.ts";

export class Deletions {
  readonly #store: RegistryStore;
  readonly #settings: Settings;

  constructor(store: RegistryStore, settings: Settings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** The numbers of the versions that are deleted by it. */
  async subject(subject: string, permanent: boolean): Promise<readonly number[]> {
    this.#settings.needWritable(subject);
    const all = this.#store.state.versions(subject);
    if (all.length === 0) throw subjectNotFound(subject);
    const live = all.filter(({ deleted }) => !deleted);
    if (permanent && live.length > 0) throw subjectNotSoftDeleted(subject);
    if (!permanent && live.length === 0) throw subjectSoftDeleted(subject);
    const leaving = permanent ? all : live;
    for (const version of leaving) this.#needUnreferenced(version);
    if (permanent) for (const version of leaving) await this.#store.eraseVersion(version);
    else {
      const last = live.at(-1)?.version ?? 0;
      await this.#store.write({ keytype: "DELETE_SUBJECT", subject, value: { subject, version: last } });
    }
    await this.#settings.forget(subject);
    return leaving.map(({ version }) => version);
  }

  /** `version` is undefined for the latest. */
  async version(subject: string, version: number | undefined, permanent: boolean): Promise<number> {
    this.#settings.needWritable(subject);
    const all = this.#store.state.versions(subject);
    if (all.length === 0) throw subjectNotFound(subject);
    const found =
      version === undefined ? all.findLast(({ deleted }) => deleted === permanent) : this.#store.state.version(subject, version);
    if (found === undefined) throw versionNotFound(version ?? -1);
    if (permanent && !found.deleted) throw versionNotSoftDeleted(subject, found.version);
    if (!permanent && found.deleted) throw versionSoftDeleted(subject, found.version);
    this.#needUnreferenced(found);
    if (permanent) await this.#store.eraseVersion(found);
    else await this.#store.writeVersion({ ...found, deleted: true });
    if (this.#store.state.versions(subject).every(({ deleted }) => deleted)) await this.#settings.forget(subject);
    return found.version;
  }

  #needUnreferenced({ subject, version }: SchemaVersion): void {
    if (this.#store.state.referrers(subject, version).some(({ deleted }) => !deleted)) throw referenceExists(subject, version);
  }
}

// What subjects are set to: compatibility with what belongs to it, and the mode. A subject's own setting counts before that of its context, this before that
// for all, and without any there is a default.

import {
  invalidCompatibility,
  invalidMode,
  invalidSubject,
  noOwnCompatibility,
  noOwnMode,
  notPermitted,
  referenceExists,
  subjectNotFound,
} from "./errors.ts";
import type { ConfigValue } from "./records.ts";
import type { RegistryState } from "./state.ts";
import type { RegistryStore } from "./store.ts";
import { contextSubject, DEFAULT_CONTEXT, isSettingsSubject, parseSubject } from "./subject.ts";

export const LEVELS = ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"] as const;
export type CompatibilityLevel = (typeof LEVELS)[number];

const MODES = ["READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT"] as const;
export type Mode = (typeof MODES)[number];

const DEFAULT_LEVEL: CompatibilityLevel = "BACKWARD";
const DEFAULT_MODE: Mode = "READWRITE";

/** As a request has it: the level is called `compatibility` there. */
export type ConfigUpdate = Omit<ConfigValue, "compatibilityLevel"> & { readonly compatibility?: string };

export class Settings {
  readonly #store: RegistryStore;

  constructor(store: RegistryStore) {
    this.#store = store;
  }

  /** Of what holds for a subject, each attribute from where it is set first. */
  configInScope(subject: string): ConfigValue {
    return Object.assign(
      {},
      ...this.#scopes(subject)
        .map((scope) => this.#state.config(scope) ?? {})
        .reverse(),
    );
  }

  levelOf(subject: string): CompatibilityLevel {
    return levelNamed(this.configInScope(subject).compatibilityLevel ?? "") ?? DEFAULT_LEVEL;
  }

  /** READONLY_OVERRIDE for all leaves no subject another. */
  modeOf(subject: string): Mode {
    if (this.#state.mode(null) === "READONLY_OVERRIDE") return "READONLY_OVERRIDE";
    const found = this.#scopes(subject)
      .map((scope) => this.#state.mode(scope))
      .find((mode) => mode !== undefined);
    return modeNamed(found ?? "") ?? DEFAULT_MODE;
  }

  /** The subject by which the registry knows another one. */
  aliased(subject: string): string {
    const alias = this.#state.config(subject)?.alias;
    return alias === undefined || alias === "" ? subject : alias;
  }

  /** Throws 42205 where nothing may be changed. */
  needWritable(subject: string): void {
    const mode = this.modeOf(subject);
    if (mode === "READONLY" || mode === "READONLY_OVERRIDE") throw notPermitted(`Subject ${subject} is in read-only mode`);
  }

  /** `subject` is null for all. Without a setting of its own, and not asked for what holds, a subject has none: 40408. */
  config(subject: string | null, defaultToGlobal: boolean): ConfigValue {
    const own = this.#state.config(subject);
    if (subject === null) return { compatibilityLevel: DEFAULT_LEVEL, ...own };
    if (defaultToGlobal) return { compatibilityLevel: DEFAULT_LEVEL, ...this.configInScope(subject) };
    if (own === undefined) throw noOwnCompatibility(subject);
    return own;
  }

  /** Attributes that the update does not have keep their values. */
  async updateConfig(subject: string | null, { compatibility, ...others }: ConfigUpdate): Promise<void> {
    const level = compatibility === undefined ? undefined : levelNamed(compatibility);
    if (compatibility !== undefined && level === undefined) throw invalidCompatibility();
    if (subject !== null && !isSettingsSubject(subject)) throw invalidSubject(subject);
    this.needWritable(subject ?? "");
    const value = { ...this.#state.config(subject), ...(level === undefined ? {} : { compatibilityLevel: level }), ...others };
    await this.#store.write({ keytype: "CONFIG", subject, value });
  }

  /** What was set. */
  async deleteConfig(subject: string | null): Promise<ConfigValue> {
    this.needWritable(subject ?? "");
    const before = this.#state.config(subject);
    if (before === undefined && subject !== null) throw subjectNotFound(subject);
    await this.#store.write({ keytype: "CONFIG", subject, value: null });
    return before ?? { compatibilityLevel: DEFAULT_LEVEL };
  }

  mode(subject: string | null, defaultToGlobal: boolean): Mode {
    const own = modeNamed(this.#state.mode(subject) ?? "");
    if (own !== undefined) return own;
    if (subject === null) return DEFAULT_MODE;
    if (!defaultToGlobal) throw noOwnMode(subject);
    return this.modeOf(subject);
  }

  /** Schemas are imported into what holds none: others have to be gone, unless it is forced. */
  async updateMode(subject: string | null, name: string, force: boolean): Promise<void> {
    const mode = modeNamed(name);
    if (mode === undefined) throw invalidMode();
    if (subject !== null && !isSettingsSubject(subject)) throw invalidSubject(subject);
    if (mode === "IMPORT" && !force && this.mode(subject, true) !== "IMPORT") await this.#clear(subject);
    await this.#store.write({ keytype: "MODE", subject, value: { mode } });
  }

  /** What was set; null if nothing was and `recursive` does not mind. */
  async deleteMode(subject: string | null, recursive: boolean): Promise<string | null> {
    const before = this.#state.mode(subject);
    if (before === undefined && !recursive && subject !== null) throw subjectNotFound(subject);
    const inner = recursive ? this.#subjectsWithin(subject).filter((name) => name !== subject && this.#state.mode(name) !== undefined) : [];
    for (const name of [...inner, subject]) {
      if (this.#state.mode(name) !== undefined) await this.#store.write({ keytype: "MODE", subject: name, value: null });
    }
    return before ?? (subject === null ? DEFAULT_MODE : null);
  }

  /** When a subject's schemas are gone, so are its settings. */
  async forget(subject: string): Promise<void> {
    if (this.#state.config(subject) !== undefined) await this.#store.write({ keytype: "CONFIG", subject, value: null });
    if (this.#state.mode(subject) !== undefined) await this.#store.write({ keytype: "MODE", subject, value: null });
  }

  async #clear(within: string | null): Promise<void> {
    const versions = this.#subjectsWithin(within).flatMap((subject) => this.#state.versions(subject));
    if (versions.some(({ deleted }) => !deleted)) throw notPermitted("Cannot import since found existing subjects");
    for (const { subject, version } of versions) {
      if (this.#state.referrers(subject, version).some(({ deleted }) => !deleted)) throw referenceExists(subject, version);
    }
    for (const version of versions) await this.#store.eraseVersion(version);
    for (const subject of new Set(versions.map((version) => version.subject))) {
      await this.#store.write({ keytype: "CLEAR_SUBJECT", subject, value: { subject } });
    }
  }

  /** A subject, all of a context, or all of the default one. */
  #subjectsWithin(within: string | null): readonly string[] {
    const { context, subject } = parseSubject(within ?? "");
    const all = this.#state.subjects().filter((name) => parseSubject(name).context === context);
    return subject === "" ? all : all.filter((name) => name === within);
  }

  /** Where settings for a subject are looked for, in this order. */
  #scopes(subject: string): readonly (string | null)[] {
    const { context, subject: name } = parseSubject(subject);
    const own = name === "" ? [] : [subject];
    return context === DEFAULT_CONTEXT ? [...own, null] : [...own, contextSubject(context), null];
  }

  get #state(): RegistryState {
    return this.#store.state;
  }
}

export function levelNamed(name: string): CompatibilityLevel | undefined {
  return LEVELS.find((level) => level === name.toUpperCase());
}

function modeNamed(name: string): Mode | undefined {
  return MODES.find((mode) => mode === name.toUpperCase());
}

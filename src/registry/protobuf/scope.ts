// Which types a .proto file sees, by full name: its own, those of the files that it imports, and what these import for others (`import public`).

import { ownValue } from "../../base/foreign-names.ts";
import { Effort } from "../effort.ts";
import { InvalidSchema } from "../format.ts";
import { isScalar, type ProtoField, type ProtoFile, type ProtoType } from "./file.ts";
import { WELL_KNOWN } from "./well-known.ts";

/** A file that is imported, and which one it is: equal sources are the same file. */
export interface ImportedFile {
  readonly file: ProtoFile;
  readonly source: string;
}

export interface ScopedType {
  readonly kind: "message" | "enum";
  readonly fullName: string;
  /** Without the package. */
  readonly localName: string;
  /** Empty for the file's own types. */
  readonly source: string;
  /** Not known of well-known types. */
  readonly type: ProtoType | undefined;
  /** Where the names within it are looked up; for a well-known type nobody does. */
  readonly scope: ProtoScope | undefined;
}

export class ProtoScope {
  readonly file: ProtoFile;
  readonly #source: string;
  readonly #types = new Map<string, ScopedType>();
  /** What is imported already, for others or by them. */
  readonly #imported = new Set<string>();
  /** What names mean, by where they stand. */
  readonly #found = new Map<string, ScopedType | undefined>();
  readonly #effort = new Effort();

  constructor({ file, source }: ImportedFile, imported: ReadonlyMap<string, ImportedFile>, known = new Map<string, ProtoScope>()) {
    this.file = file;
    this.#source = source;
    this.#declare(file.types, "");
    known.set(source, this);
    for (const { path } of file.imports) this.#import(path, imported, known);
  }

  /** The file's own types with the messages that they stand in, outer ones first. */
  *ownTypes(): Iterable<ScopedType> {
    for (const type of this.#types.values()) if (type.source === this.#source) yield type;
  }

  /** What `name` means within `within` (a full name, or the package): the innermost counts. Scalars are not looked up. */
  find(name: string, within: string): ScopedType | undefined {
    if (name.startsWith(".")) return this.#types.get(name.slice(1));
    const key = `${within} ${name}`;
    const found = this.#found.get(key) ?? this.#search(name, within);
    this.#found.set(key, found);
    return found;
  }

  #search(name: string, within: string): ScopedType | undefined {
    for (let scope = within; ; scope = scope.slice(0, Math.max(scope.lastIndexOf("."), 0))) {
      this.#effort.spend();
      const found = this.#types.get(scope === "" ? name : `${scope}.${name}`);
      if (found !== undefined || scope === "") return found;
    }
  }

  /** The type of a field of the message `within`; undefined for a scalar. */
  typeOf({ type }: ProtoField, within: string): ScopedType | undefined {
    if (isScalar(type)) return undefined;
    const found = this.find(type, within);
    if (found === undefined) throw new InvalidSchema(`"${type}" is not defined in "${within}"`);
    return found;
  }

  #declare(types: readonly ProtoType[], outer: string): void {
    for (const type of types) {
      const localName = outer === "" ? type.name : `${outer}.${type.name}`;
      this.#add({ kind: type.kind, localName, ...this.#names(localName), type, scope: this });
      if (type.kind === "message") this.#declare(type.types, localName);
    }
  }

  #names(localName: string) {
    return { fullName: this.file.package === "" ? localName : `${this.file.package}.${localName}`, source: this.#source };
  }

  /** Files may import one another for others, in a circle or on many ways. */
  #import(path: string, imported: ReadonlyMap<string, ImportedFile>, known: Map<string, ProtoScope>): void {
    const found = imported.get(path);
    if (found === undefined) {
      this.#importWellKnown(path);
      return;
    }
    if (this.#imported.has(path)) return;
    this.#imported.add(path);
    const scope = known.get(found.source) ?? new ProtoScope(found, imported, known);
    for (const type of scope.ownTypes()) this.#add(type);
    for (const inner of found.file.imports) if (inner.kind === "public") this.#import(inner.path, imported, known);
  }

  #importWellKnown(path: string): void {
    const file = ownValue(WELL_KNOWN, path);
    if (file === undefined) throw new InvalidSchema(`No reference found for import "${path}"`);
    for (const [kind, names] of [
      ["message", file.messages],
      ["enum", file.enums],
    ] as const) {
      for (const localName of names) {
        this.#add({ kind, localName, fullName: `${file.package}.${localName}`, source: path, type: undefined, scope: undefined });
      }
    }
  }

  #add(type: ScopedType): void {
    const known = this.#types.get(type.fullName);
    if (known !== undefined && known.source === type.source && known.source !== this.#source) return;
    if (known !== undefined) throw new InvalidSchema(`"${type.fullName}" is already defined`);
    this.#types.set(type.fullName, type);
  }
}

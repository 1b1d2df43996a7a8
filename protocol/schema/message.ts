// A message is a struct with the range of versions that exist and the range of those that are flexible (compact encodings
// and tagged fields, KIP-482). An API is a request with its response.

import { type Codec, compileCodec } from "./compile.ts";
import { type Decoded, type Encodable, type Shape, Struct } from "./field.ts";
import { includesVersion, parseVersions, type Versions } from "./versions.ts";

export class Message<S extends Shape = Shape> {
  readonly name: string;
  readonly versions: Versions;
  readonly flexibleVersions: Versions;
  readonly struct: Struct<S>;
  readonly #codecs: (Codec<S> | undefined)[] = [];

  constructor(name: string, versions: string, flexibleVersions: string, shape: S) {
    this.name = name;
    this.versions = parseVersions(versions);
    this.flexibleVersions = parseVersions(flexibleVersions);
    this.struct = new Struct(shape);
  }

  hasVersion(version: number): boolean {
    return includesVersion(this.versions, version);
  }

  isFlexible(version: number): boolean {
    return includesVersion(this.flexibleVersions, version);
  }

  /** The reader and writer of one version; compiled on first use and kept. Throws RangeError for a version that does not exist. */
  codec(version: number): Codec<S> {
    const known = this.#codecs[version];
    if (known !== undefined) return known;
    if (!this.hasVersion(version)) throw new RangeError(`${this.name} has no version ${version}`);
    const compiled = compileCodec<S>(this.name, this.struct, version, this.isFlexible(version));
    this.#codecs[version] = compiled;
    return compiled;
  }
}

export type DecodedMessage<M> = M extends Message<infer S> ? Decoded<S> : never;
export type EncodableMessage<M> = M extends Message<infer S> ? Encodable<S> : never;

export interface Api<Q extends Shape = Shape, R extends Shape = Shape> {
  readonly key: number;
  readonly name: string;
  readonly request: Message<Q>;
  readonly response: Message<R>;
}

export interface ApiDeclaration<Q extends Shape, R extends Shape> {
  readonly key: number;
  readonly name: string;
  /** Every version that ever existed, of request and response alike. */
  readonly versions: string;
  readonly flexible: string;
  readonly request: Q;
  readonly response: R;
}

export function defineApi<Q extends Shape, R extends Shape>(api: ApiDeclaration<Q, R>): Api<Q, R> {
  return {
    key: api.key,
    name: api.name,
    request: new Message(`${api.name}Request`, api.versions, api.flexible, api.request),
    response: new Message(`${api.name}Response`, api.versions, api.flexible, api.response),
  };
}

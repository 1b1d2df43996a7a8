// A request and its answer, whatever carries them.

export interface RegistryRequest {
  readonly method: string;
  /** As it came, percent-encoded: subjects may have slashes. Without the query. */
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: string;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

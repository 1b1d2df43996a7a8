// An API as ApiVersions tells of it.

import type { Versions } from "../../protocol/schema/versions.ts";

export interface ServedApi {
  readonly api: { readonly key: number; readonly name: string };
  /** Wider than what is served only for Produce. */
  readonly advertisedVersions: Versions;
}

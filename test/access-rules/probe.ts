// A request of the matrix: what it needs to be allowed, the versions in which it is sent, and what it says. One probe may send several
// requests, which are then answered by several bodies.

import type { Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Need } from "./rules.ts";
import type { Kind, Scene } from "./scene.ts";

export interface Probe {
  readonly name: string;
  readonly api: Api;
  readonly versions: readonly number[];
  /** Those that Apache Kafka 4 does not serve any more; of 3.9 they are known. */
  readonly oldVersions: readonly number[];
  readonly needs: (scene: Scene) => readonly Need[];
  readonly requests: (scene: Scene, version: number) => readonly Encodable<Shape>[];
  /** What it changes, and must find as it was made: each sending of it has its own. */
  readonly fresh: readonly Kind[];
  /** Fields of the answer that depend on the broker and not on rules. */
  readonly leavesOut: readonly string[];
  /** It has no answer: what counts is whether the connection stays. */
  readonly isSilent: boolean;
}

export interface ProbeOptions<Q extends Shape> {
  /** What distinguishes it from other probes of the API. */
  readonly about?: string;
  readonly versions: readonly number[];
  readonly oldVersions?: readonly number[];
  readonly needs: (scene: Scene) => readonly Need[];
  readonly requests: (scene: Scene, version: number) => readonly Encodable<Q>[];
  readonly fresh?: readonly Kind[];
  readonly leavesOut?: readonly string[];
  readonly isSilent?: boolean;
}

export function probe<Q extends Shape>(api: Api<Q>, options: ProbeOptions<Q>): Probe {
  const { about, versions, oldVersions = [], needs, requests, fresh = [], leavesOut = [], isSilent = false } = options;
  const name = about === undefined ? api.name : `${api.name}, ${about}`;
  return {
    name,
    api: api as unknown as Api,
    versions,
    oldVersions,
    needs,
    requests: requests as Probe["requests"],
    fresh,
    leavesOut,
    isSilent,
  };
}

export const NOTHING = (): readonly Need[] => [];

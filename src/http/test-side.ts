// What a broker that a test has started shows over HTTP besides: what its kit knows, which stands above this room and gives itself in.

import type { InferOutput } from "valibot";
import type { Explanation, Faults, faultBody } from "./api/shapes.ts";

export interface TestSide {
  /** Why a group is not stable, and why it has not got records. */
  readonly explain: (group: string, topic: string | undefined) => Promise<Pick<Explanation, "unstable" | "undelivered">>;
  readonly faults: () => Faults["faults"];
  /** Gives why it cannot be; `undefined` where it is in force. */
  readonly addFault: (rule: InferOutput<typeof faultBody>) => string | undefined;
  /** False where there is none of that id; without one all are taken back. */
  readonly removeFault: (id: string | undefined) => boolean;
}

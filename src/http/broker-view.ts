// What this room knows of the broker that it belongs to.

import type { Services } from "../api/services.ts";
import type { Interceptors } from "../server/interceptors.ts";
import type { Listener } from "../server/listener.ts";
import type { DelayFigures } from "../server/loop-delay.ts";
import type { RequestFigures } from "../server/request-figures.ts";
import type { TestSide } from "./test-side.ts";

export interface BrokerView {
  readonly services: Services;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly requests: RequestFigures;
  readonly interceptors: Interceptors;
  /** Where the broker is a test's. */
  readonly test: () => TestSide | undefined;
  /** How late the event loop has been, so far. */
  readonly loopDelay: () => DelayFigures;
  /** Those of Kafka's clients, that are open now. */
  readonly listeners: () => readonly Listener[];
}

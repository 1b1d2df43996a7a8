// The connections of a broker: who is at the other end, and what it has asked for and was told.

import { errorName } from "../../../protocol/errors.ts";
import { monotonicMs } from "../../base/clock.ts";
import type { Connection } from "../../server/connection.ts";
import type { BrokerView } from "../broker-view.ts";
import { Problem } from "../problem.ts";
import { type Asker, type Route, route } from "../route.ts";
import { valibot as v } from "../web-framework.ts";
import { type Clients, clients } from "./shapes.ts";

export function clientsRoute(view: BrokerView): Route {
  const numbers = new Numbers();
  return route({
    path: "/api/clients",
    summary: "The connections of this broker, what they ask for and are told",
    query: v.object({}),
    answers: { 200: { is: "Those that are open.", type: "application/json", schema: clients } },
    answer: (asked) => {
      mustDescribeCluster(asked);
      const { clock, brokerId } = view.services;
      const sinceMs = clock.now() - monotonicMs(clock);
      const connections = view
        .listeners()
        .flatMap(({ connections: all, tls }) =>
          [...all].map((each) => told(each, { id: numbers.of(each), isSecure: tls !== undefined, sinceMs, nowMs: clock.now() })),
        );
      return Response.json({ brokerId, nowMs: clock.now(), connections } satisfies Clients);
    },
  });
}

export function mayDescribeCluster({ access }: Asker): boolean {
  return access.permitsOnClusterQuietly("DESCRIBE CLUSTER");
}

/** Throws Problem. */
export function mustDescribeCluster({ access }: Asker): void {
  if (!access.permitsOnCluster("DESCRIBE CLUSTER")) throw new Problem(403, "This takes the right to describe the cluster.");
}

/** Of connections, in the order in which they were first asked for. */
class Numbers {
  readonly #known = new WeakMap<Connection, number>();
  #last = 0;

  of(connection: Connection): string {
    const number = this.#known.get(connection) ?? ++this.#last;
    this.#known.set(connection, number);
    return String(number);
  }
}

interface Known {
  readonly id: string;
  readonly isSecure: boolean;
  /** When the clock began by which silence is measured. */
  readonly sinceMs: number;
  readonly nowMs: number;
}

function told(connection: Connection, { id, isSecure, sinceMs, nowMs }: Known): Clients["connections"][number] {
  const { clientSoftware, usage, mutes, isStream, brokerId, idleSinceMs } = connection;
  const [softwareName = "", softwareVersion = ""] = clientSoftware.split(" ");
  const { listenerName, principal, remoteAddress, remotePort } = connection;
  const inFlight =
    idleSinceMs === undefined && usage.last !== undefined ? { api: usage.last.figures.name, version: usage.last.version } : null;
  return {
    ...{ id, listener: listenerName, protocol: isStream ? "http" : "kafka", isSecure, principal, remoteAddress, remotePort },
    ...{ clientId: usage.clientId, softwareName, softwareVersion, peerBrokerId: brokerId ?? null },
    ...{ sinceMs: usage.sinceMs, lastActiveMs: idleSinceMs === undefined ? nowMs : Math.round(sinceMs + idleSinceMs) },
    ...{ isThrottled: mutes.count > 0, throttledCount: mutes.total, inFlight },
    apis: usage.all.map(({ figures: { name }, version, count, errors }) => ({
      ...{ name, version, count },
      errors: [...errors].map(([code, times]) => ({ error: errorName(code), count: times })),
    })),
  };
}

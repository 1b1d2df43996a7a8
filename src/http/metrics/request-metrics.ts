// Requests, by API, version and error, and how long they took. Consumers are the only ones who fetch here, so that Fetch and FetchConsumer are
// the same, which both exist at Kafka.

import { errorName } from "../../../protocol/errors.ts";
import { fetch } from "../../../protocol/messages/index.ts";
import type { Spread } from "../../base/histogram.ts";
import type { ApiFigures } from "../../server/request-figures.ts";
import type { Scrape } from "./scrape.ts";

const PREFIX = "kafka_network_requestmetrics";
const QUANTILES = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999];
const QUANTILE_LABELS = ["0.50", "0.75", "0.95", "0.98", "0.99", "0.999"];
const US_PER_MS = 1000;
const US_PER_S = 1_000_000;
/** Powers of two, in microseconds: from an eighth of a millisecond to 34 seconds. */
const BOUNDS_US = Array.from({ length: 19 }, (_, power) => 2 ** (power + 7));

const HISTOGRAMS: readonly (readonly [name: string, help: string, of: (figures: ApiFigures) => Spread, unit: number])[] = [
  ["totaltimems", "Milliseconds from the read that brought a request until its answer was there", ({ totalUs }) => totalUs, US_PER_MS],
  ["localtimems", "Milliseconds until its handler had returned", ({ localUs }) => localUs, US_PER_MS],
  ["remotetimems", "Milliseconds from then on", ({ remoteUs }) => remoteUs, US_PER_MS],
];

/** By Kafka's names of what waits. */
const PURGATORIES: Readonly<Record<string, readonly string[]>> = {
  Produce: ["Produce"],
  Fetch: ["Fetch"],
  ShareFetch: ["ShareFetch"],
  Rebalance: ["JoinGroup", "SyncGroup"],
};

export function requestMetrics({ view: { requests, services }, out }: Scrape): void {
  const apis = requests.apis.flatMap((figures) => namesOf(figures).map((request) => [request, figures] as const));
  const count = out.family("counter", `${PREFIX}_requests_total`, "Requests taken up.");
  for (const [request, { versions }] of apis)
    for (const [version, times] of versions.entries()) if (times > 0) count(times, { request, version });
  const errors = out.family("counter", `${PREFIX}_errors_total`, "Errors that answers told, NONE where there was none.");
  for (const [request, figures] of apis) for (const [code, times] of figures.errors()) errors(times, { request, error: errorName(code) });
  const bytes = out.family("counter", "odradek_request_bytes_total", "Bytes of requests taken up.");
  for (const { name, requestBytes } of requests.apis) bytes(requestBytes, { request: name });
  const nowMs = services.clock.now();
  for (const [name, help, of, unit] of HISTOGRAMS) {
    const total = out.family("counter", `${PREFIX}_${name}_count`, `${help}: how many.`);
    for (const [request, figures] of apis) total(of(figures).count, { request });
    const quantile = out.family("gauge", `${PREFIX}_${name}`, `${help}, of the last minutes.`);
    for (const [request, figures] of apis)
      for (const [index, value] of of(figures).quantiles(QUANTILES, nowMs).entries())
        quantile(value / unit, { request, quantile: QUANTILE_LABELS[index] ?? "" });
  }
  const duration = out.histogram(
    "odradek_request_duration_seconds",
    "Seconds from the read that brought a request until its answer was there.",
  );
  for (const { name, totalUs } of requests.apis)
    duration(
      {
        bounds: BOUNDS_US.map((us) => us / US_PER_S),
        below: BOUNDS_US.map((us) => totalUs.below(us)),
        count: totalUs.count,
        sum: totalUs.sum / US_PER_S,
      },
      { request: name },
    );
  purgatoryMetrics(requests.apis, { out });
}

function purgatoryMetrics(apis: readonly ApiFigures[], { out }: Pick<Scrape, "out">): void {
  const waiting = (names: readonly string[]) =>
    apis.reduce((sum, { name, waitingCount }) => sum + (names.includes(name) ? waitingCount : 0), 0);
  for (const metric of ["purgatorysize", "numdelayedoperations"]) {
    const add = out.family("gauge", `kafka_server_delayedoperationpurgatory_${metric}`, "Requests that wait for their answers.");
    for (const [delayedOperation, names] of Object.entries(PURGATORIES)) add(waiting(names), { delayedOperation });
  }
}

function namesOf({ name }: ApiFigures): string[] {
  return name === fetch.name ? [name, "FetchConsumer"] : [name];
}

// Which messages are wanted, as the address has it.

import type { RecordsQuery } from "../../../http/api/shapes.ts";
import type { Query } from "../../shell/route.ts";

export interface Wanted {
  readonly from: "latest" | "earliest" | "timestamp" | "offset";
  readonly offset: string;
  /** As a field for times has it: "2026-12-01T03:04:05", in the time zone of who looks. */
  readonly time: string;
  readonly partition: string;
  readonly limit: string;
  readonly isLive: boolean;
  readonly isCommitted: boolean;
  readonly filterBy: "text" | "js";
  readonly filter: string;
}

/** Read to find what a filter wants, at most. */
export const MOST_SEARCHED = 100_000;

/** Of each key, value and header a filter sees so much. */
const SEARCHED_BYTES = "65536";

export function wantedIn(query: URLSearchParams): Wanted {
  const from = query.get("from");
  return {
    from: from === "earliest" || from === "timestamp" || from === "offset" ? from : "latest",
    offset: query.get("offset") ?? "",
    time: query.get("time") ?? "",
    partition: query.get("partition") ?? "",
    limit: query.get("limit") ?? "100",
    isLive: query.get("live") === "true",
    isCommitted: query.get("committed") === "true",
    filterBy: query.get("by") === "js" ? "js" : "text",
    filter: query.get("filter") ?? "",
  };
}

export function addressOf({ from, offset, time, partition, limit, isLive, isCommitted, filterBy, filter }: Wanted): Query {
  return {
    from: from === "latest" ? undefined : from,
    offset: from === "offset" ? offset : undefined,
    time: from === "timestamp" ? time : undefined,
    partition,
    limit: limit === "100" ? undefined : limit,
    live: isLive || undefined,
    committed: isCommitted || undefined,
    by: filterBy === "text" ? undefined : filterBy,
    filter,
  };
}

export function askedFor(wanted: Wanted): RecordsQuery {
  const { from, offset, time, partition, limit, isLive, isCommitted, filter } = wanted;
  const timestamp = new Date(time).getTime();
  return {
    from: (from === "timestamp" && Number.isNaN(timestamp)) || (from === "offset" && offset === "") ? "earliest" : from,
    limit: filter === "" ? limit || "100" : String(MOST_SEARCHED),
    live: isLive ? "true" : "false",
    isolation: isCommitted ? "committed" : "all",
    ...(filter === "" ? {} : { cut: SEARCHED_BYTES }),
    ...(partition === "" ? {} : { partitions: partition }),
    ...(from === "offset" && offset !== "" ? { offset } : {}),
    ...(from === "timestamp" && !Number.isNaN(timestamp) ? { timestamp: String(timestamp) } : {}),
  };
}

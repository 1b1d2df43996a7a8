// Where one is, in the address after "#": a path of segments and a query. Any page, with what it shows, is a link.

import { useEffect, useState } from "preact/hooks";

export interface Place {
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A link to a place, for `href`. */
export function at(segments: readonly string[], query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, String(value)]]));
  const search = new URLSearchParams(given).toString();
  return `#/${segments.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
}

export function go(segments: readonly string[], query: Query = {}): void {
  location.hash = at(segments, query);
}

/** The same page shows something else: no step to go back to. */
export function goInPlace(segments: readonly string[], query: Query = {}): void {
  history.replaceState(null, "", at(segments, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const changed = () => setPlace(here());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return place;
}

function here(): Place {
  const [path = "", search = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { segments: path.split("/").flatMap((segment) => (segment === "" ? [] : [decoded(segment)])), query: new URLSearchParams(search) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

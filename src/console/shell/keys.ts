// Keys that work on every page. Within fields and dialogs they are text.

import { go } from "./route.ts";

export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["?", "this list"],
  ["/", "filter"],
  ["j k", "next and previous row; also the arrows, Home, End"],
  ["Enter", "open the row"],
  ["Escape", "close what is open, leave the filter"],
  ["n", "new: a topic, a record, a rule"],
  ["g t", "topics"],
  ["g g", "groups"],
  ["g c", "clients"],
  ["g x", "transactions"],
  ["g e", "explain"],
  ["g s", "settings"],
];

const PLACES: { readonly [key: string]: string } = {
  t: "topics",
  g: "groups",
  c: "clients",
  x: "transactions",
  e: "explain",
  s: "settings",
};
const SEQUENCE_MS = 1200;

/** @returns what ends it */
export function listenToKeys(showKeys: () => void): () => void {
  let wentMs = Number.NEGATIVE_INFINITY;
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target, key } = event;
    if (document.querySelector("dialog[open]") !== null) return;
    if (target instanceof HTMLElement && target.matches("input, select, textarea")) {
      if (key === "Escape") target.blur();
      return;
    }
    const place = PLACES[key];
    if (event.timeStamp - wentMs < SEQUENCE_MS && place !== undefined) go([place]);
    else if (key === "?") showKeys();
    else if (key === "/") focus("[data-filter]");
    else if (key === "j" || key === "k") focus("main tbody tr[tabindex='0']");
    else if (key === "n") document.querySelector<HTMLElement>("[data-new]")?.click();
    else if (key !== "g") return;
    wentMs = key === "g" && event.timeStamp - wentMs >= SEQUENCE_MS ? event.timeStamp : Number.NEGATIVE_INFINITY;
    event.preventDefault();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

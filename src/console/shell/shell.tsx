// The frame of all pages: what broker this is, where one can go, and the page.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Overview } from "../../http/api/shapes.ts";
import { askJson } from "../ask/http.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Toasts } from "../parts/toast.tsx";
import { Empty } from "../parts/told.tsx";
import { KEYS, listenToKeys } from "./keys.ts";
import { useLoaded } from "./loaded.ts";
import { applyLook, keptLook, nextLook } from "./look.ts";
import { type PageEntry, pages } from "./pages.tsx";
import { at, usePlace } from "./route.ts";

export function Shell() {
  const place = usePlace();
  const overview = useLoaded("overview", (signal) => askJson<Overview>("/api/overview", { signal }), { everyMs: 15_000 });
  const [hasKeys, setKeys] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const [name = "topics"] = place.segments;
  const entry = pages.find((each) => each.name === name);
  useEffect(() => listenToKeys(() => setKeys(true)), []);
  useEffect(() => {
    document.title = `${place.segments.slice(0, 2).join(" · ") || "topics"} – Odradek`;
    setOpen(false);
  }, [place]);
  return (
    <div class="frame">
      <Top overview={overview.value} onMenu={() => setOpen(!isOpen)} isOpen={isOpen} onKeys={() => setKeys(true)} />
      <nav class={isOpen ? "sides open" : "sides"} aria-label="Pages" id="pages">
        <ul>
          {pages
            .filter((page) => isThere(page, overview.value))
            .map((page) => (
              <li key={page.name} class={page.isApart === true ? "apart" : ""}>
                <a href={at([page.name])} aria-current={page.name === name ? "page" : undefined}>
                  {page.title}
                </a>
              </li>
            ))}
        </ul>
      </nav>
      <main ref={main} tabIndex={-1}>
        {entry === undefined ? <NoPage /> : entry.render({ place, overview: overview.value })}
      </main>
      {hasKeys ? <KeyList onClose={() => setKeys(false)} /> : null}
      <Toasts />
    </div>
  );
}

/** What needs something that this broker does not serve is left out. */
function isThere({ needs }: PageEntry, overview: Overview | undefined): boolean {
  return needs === undefined || (overview?.serves.includes(needs) ?? needs !== "faults");
}

function Top({
  overview,
  onMenu,
  isOpen,
  onKeys,
}: {
  overview: Overview | undefined;
  onMenu: () => void;
  isOpen: boolean;
  onKeys: () => void;
}) {
  const [look, setLook] = useState(keptLook);
  useEffect(() => applyLook(look), [look]);
  return (
    <header class="top">
      <button type="button" class="button plain menu" aria-expanded={isOpen} aria-controls="pages" onClick={onMenu}>
        Menu
      </button>
      <a class="name" href={at(["topics"])}>
        <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke-width="2" stroke-linecap="round" aria-hidden="true">
          <path d="M8 1v14M2.5 4.5l11 7M13.5 4.5l-11 7" />
        </svg>
        Odradek
      </a>
      <div class="about">
        {overview === undefined ? null : (
          <>
            <span>
              broker {overview.brokerId} of {overview.brokers.length}
            </span>
            <span>cluster {overview.clusterId}</span>
            <span>version {overview.version}</span>
            {overview.me.hasLoggedIn ? <bdi>{overview.me.principal}</bdi> : null}
          </>
        )}
      </div>
      <button type="button" class="button plain" onClick={() => setLook(nextLook(look))}>
        <span class="hidden">Colours: </span>
        {LOOK_TITLES[look]}
      </button>
      <button type="button" class="button plain" onClick={onKeys} title="Keys">
        <kbd>?</kbd>
      </button>
    </header>
  );
}

const LOOK_TITLES = { system: "Auto", light: "Light", dark: "Dark" } as const;

function KeyList({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="pairs">
        {KEYS.map(([keys, does]) => (
          <>
            <dt>
              {keys.split(" ").map((key) => (
                <span key={key}>
                  <kbd>{key}</kbd>{" "}
                </span>
              ))}
            </dt>
            <dd>{does}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  );
}

function NoPage() {
  return (
    <div class="page">
      <Empty title="There is no such page">
        <a href={at(["topics"])}>Go to the topics</a>
      </Empty>
    </div>
  );
}

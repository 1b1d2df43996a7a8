// What a page says where it has nothing to show, or not what was asked for.

import type { ComponentChildren } from "preact";
import type { Fault } from "../ask/fault.ts";
import type { Loaded } from "../shell/loaded.ts";

/** What there is not, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function FaultNote({ fault }: { fault: Fault }) {
  return (
    <div class="fault" role="alert">
      <strong class="bad">{fault.title}</strong>
      <span>{fault.message}</span>
      {fault.advice === undefined ? null : <span class="faint">{fault.advice}</span>}
    </div>
  );
}

/** What has been loaded, a fault above it if there was one, or that it is on its way. */
export function Shown<T>({ loaded, children }: { loaded: Loaded<T>; children: (value: T) => ComponentChildren }) {
  return (
    <>
      {loaded.fault === undefined ? null : <FaultNote fault={loaded.fault} />}
      {loaded.value === undefined ? loaded.fault === undefined ? <p class="faint">Loading…</p> : null : children(loaded.value)}
    </>
  );
}

export function Tag({ tone = "", children }: { tone?: "" | "good" | "warn" | "bad"; children: ComponentChildren }) {
  return <span class={`tag ${tone}`}>{children}</span>;
}

/** A short list of figures. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Tabs({
  label,
  tabs,
}: {
  label: string;
  tabs: readonly { readonly title: string; readonly href: string; readonly isHere: boolean }[];
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ title, href, isHere }) => (
        <a key={title} href={href} aria-current={isHere ? "page" : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

/** The top of a page: where one is, and what can be done. */
export function Head({
  title,
  from,
  children,
}: {
  title: string;
  from?: { readonly title: string; readonly href: string };
  children?: ComponentChildren;
}) {
  return (
    <div class="head">
      <h1>
        {from === undefined ? null : (
          <span class="crumb">
            <a href={from.href}>{from.title}</a>
            {" / "}
          </span>
        )}
        <bdi>{title}</bdi>
      </h1>
      {children}
    </div>
  );
}

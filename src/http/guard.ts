// Who may speak HTTP with the broker at all, before it is asked who he is. A broker on a developer's machine is reached by every web page that is
// visited there; what keeps pages out:
//
//   Origin, Sec-Fetch-Site   a page of another origin asks: refused, also when it only asks whether it may (a preflight)
//   Host                     a name that its owner lets point here (DNS rebinding): refused; addresses, localhost and the broker's own names are not
//   cookies                  there are none that a page could make use of
//
// Another machine is refused where nobody has to log in, unless a setting says otherwise.

import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { Problem } from "./problem.ts";

/** What a request says of itself before its path matters. */
export interface Approach {
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly target: string;
  readonly isSecure: boolean;
}

/** Why a request is refused, whoever sent it. @param isOwnName whether the broker goes by a name, which is in lower case */
export function approachFault(approach: Approach, isOwnName: (name: string) => boolean): Problem | undefined {
  return targetFault(approach) ?? hostFault(approach, isOwnName) ?? originFault(approach);
}

/** The broker passes nothing on. */
function targetFault({ target }: Approach): Problem | undefined {
  return target.startsWith("/") || target === "*" ? undefined : noProxy();
}

export function noProxy(): Problem {
  return new Problem(400, "A request names a path; this is no proxy.");
}

function hostFault({ headers: { host }, rawHeaders }: Approach, isOwnName: (name: string) => boolean): Problem | undefined {
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host").length;
  const [, name = ""] = /^(\[[^\]]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host ?? "") ?? [];
  if (count !== 1 || name === "") return new Problem(400, "A request has one Host header, with a name or an address.");
  const plain = name.replace(/^\[|\]$/g, "").toLowerCase();
  if (isIP(plain) > 0 || plain === "localhost" || plain.endsWith(".localhost") || isOwnName(plain)) return undefined;
  return new Problem(421, `The broker does not go by the name ${plain}; odradek.http.hosts names those by which it may be asked.`);
}

function originFault({ headers, isSecure }: Approach): Problem | undefined {
  const { origin, host } = headers;
  const refused = () => new Problem(403, "A page of another origin may not ask this broker.");
  if (origin !== undefined)
    return origin.toLowerCase() === `${isSecure ? "https" : "http"}://${host?.toLowerCase()}` ? undefined : refused();
  const site = headers["sec-fetch-site"];
  // Who follows a link comes from elsewhere, and sees only what he may.
  const isVisit = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return site === undefined || site === "same-origin" || site === "none" || isVisit ? undefined : refused();
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

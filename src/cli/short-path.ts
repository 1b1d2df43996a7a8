// A path as people read it: from where they are, if it is below.

import { relative } from "node:path";

export function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere !== "" && !fromHere.startsWith("..") ? fromHere : path;
}

// The processes that stand above this one, up to npm. A signal or a kill that ends npm does not reach what npm's shell has started, so
// who was started by npm looks up from time to time.

"use strict";

const { readFileSync } = require("node:fs");

const LOOK_EVERY_MS = 500;

/** Ids, the nearest first. Where /proc does not tell of the shell's own parent, the shell is the last. */
function parentsUpToNpm() {
  const parent = process.ppid;
  const above = isShellOfOneCommand(parent) ? parentOf(parent) : undefined;
  return above === undefined ? [parent] : [parent, above];
}

/** Calls `gone` once when one of them has ended. Does not keep the process alive. */
function whenParentIsGone(parents, gone) {
  const areThere = () => parents.every((id, place) => (place === 0 ? process.ppid : parentOf(parents[place - 1])) === id);
  const timer = setInterval(() => {
    if (areThere()) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** `sh -c COMMAND`, which some shells become and others wait for. */
function isShellOfOneCommand(id) {
  return textOf(`/proc/${id}/cmdline`).split("\0")[1] === "-c";
}

function parentOf(id) {
  const stat = textOf(`/proc/${id}/stat`);
  // The second field is the name, in parentheses, and may have any of the separators in it.
  const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return parent === undefined ? undefined : Number(parent);
}

function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

module.exports = { parentsUpToNpm, whenParentIsGone };

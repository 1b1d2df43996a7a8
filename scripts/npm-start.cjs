// What `npm start` runs: `npm-start.cjs PARENTS ARGUMENTS` is `odradek ARGUMENTS` that stops in order when one of these processes, whose
// ids are joined by commas, has ended.

"use strict";

const { isMainThread } = require("node:worker_threads");

// Worker threads begin here, too; they end with the main thread.
if (isMainThread) {
  const [parents] = process.argv.splice(2, 1);
  if (parents !== "") {
    const { whenParentIsGone } = require("./parents.cjs");
    whenParentIsGone(parents.split(",").map(Number), () => process.kill(process.pid, "SIGTERM"));
  }
}
require("./odradek.cjs");

#!/usr/bin/env node
// The command `odradek`. Its syntax is such that old Nodes can still say that they are too old.

"use strict";

var version = process.versions.node.split(".").map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 15)) {
  console.error(`odradek: Node 22.15 or newer is needed; this is Node ${process.versions.node}.`);
  process.exit(1);
}
// Compiled code is kept between starts, which saves a good part of the start-up time.
require("node:module").enableCompileCache();
// Administration is a bundle of its own, which a broker need not load.
require(
  /^(topics|groups|configs|records|transactions|cluster|log|strays|repair|settings|kafka-.*)$/.test(process.argv[2])
    ? "../.dist/tools.cjs"
    : "../.dist/odradek.cjs",
);

// What the scripts in bin/ are: `kafka-topics ARGUMENTS` is `odradek kafka-topics ARGUMENTS`.

"use strict";

var path = require("node:path");

/** `file` is the script that was called, which has the tool's name. */
module.exports = function runShim(file) {
  process.argv.splice(2, 0, path.basename(file, ".sh"));
  require("./odradek.cjs");
};

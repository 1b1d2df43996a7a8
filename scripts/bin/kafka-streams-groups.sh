#!/usr/bin/env node
require("../kafka-shim.cjs")(__filename);

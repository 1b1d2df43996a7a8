// Where the process begins for administration: `odradek topics …` and its relatives, and the shims for Kafka's own scripts. A bundle of
// its own, so that starting a broker does not load it.

import { CommandProcess } from "./command-process.ts";
import { runToolCommand } from "./tool-program.ts";

const own = new CommandProcess();
own.endWith(runToolCommand(process.argv.slice(2), own));

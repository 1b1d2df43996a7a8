// kfake as a contender: a Go program of a few lines (kfake/main.go).

import { join } from "node:path";
import { GoProgram } from "../go-program.ts";

export const kfake = new GoProgram(join(import.meta.dirname, "kfake"));

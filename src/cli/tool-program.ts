// The commands of the tools' bundle, by their first word; each is loaded when it is called.

import { nearestName } from "../config/nearest-name.ts";
import { ADMIN_COMMANDS, runAdmin } from "./admin/program.ts";
import { ExitCode } from "./command-error.ts";
import { KAFKA_TOOLS } from "./kafka/index.ts";
import { type Io, runTool } from "./kafka/tool.ts";

export async function runToolCommand(argv: readonly string[], context: Pick<Io, "terminal" | "stopping">): Promise<number> {
  const [word = "", ...rest] = argv;
  if (Object.hasOwn(ADMIN_COMMANDS, word)) return runAdmin(argv, context.terminal);
  const name = word.replace(/\.sh$/, "");
  const load = Object.hasOwn(KAFKA_TOOLS, name) ? KAFKA_TOOLS[name] : undefined;
  if (load !== undefined) return runTool(name, await load(), rest, context);
  const names = Object.keys(KAFKA_TOOLS);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? `there are ${names.join(", ")}` : `did you mean ${nearest}?`;
  context.terminal.error(`odradek: Unknown command ${word}; ${hint}\n`);
  return ExitCode.USAGE;
}

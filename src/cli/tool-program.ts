// The commands of the tools' bundle, by their first word; each is loaded when it is called.

import { KAFKA_TOOLS } from "./kafka/index.ts";
import { type Io, runTool } from "./kafka/tool.ts";

export async function runToolCommand(argv: readonly string[], context: Pick<Io, "terminal" | "stopping">): Promise<number> {
  const [word = "", ...rest] = argv;
  const load = KAFKA_TOOLS[word.replace(/\.sh$/, "")];
  if (load === undefined) {
    context.terminal.error(`odradek: Unknown command ${word}; there are ${Object.keys(KAFKA_TOOLS).join(", ")}\n`);
    return 2;
  }
  return runTool(word, await load(), rest, context);
}

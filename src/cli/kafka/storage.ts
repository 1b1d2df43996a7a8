// `kafka-storage`: Kafka's broker starts on folders only that this formatted; ours makes its folder by itself. What scripts call before a start
// is answered so that they go on, and says that nothing was needed.

import { randomBytes } from "node:crypto";
import { dependencyLines, mappingLines } from "./feature-levels.ts";
import { parseFeature } from "./features.ts";
import { argparseError, FlagError } from "./flags.ts";
import { readTextFile, type Tool } from "./tool.ts";

const NAME = "kafka-storage";
const UUID_BYTES = 16;

export const kafkaStorage: Tool = {
  purpose: "random-uuid | format | info | version-mapping | feature-dependencies: the folder of a broker that is not started yet.",
  commands: ["info", "format", "version-mapping", "feature-dependencies", "random-uuid"],
  flags: [
    { name: "config", letter: "c", value: "file", help: "with format, info: the broker's settings" },
    { name: "cluster-id", letter: "t", value: "id", help: "with format: the cluster's id" },
    { name: "ignore-formatted", letter: "g", help: "with format: accepted without effect" },
    { name: "standalone", letter: "s", help: "with format: accepted without effect" },
    { name: "no-initial-controllers", letter: "N", help: "with format: accepted without effect" },
    { name: "initial-controllers", letter: "I", value: "list", help: "with format: accepted without effect" },
    { name: "release-version", letter: "r", value: "version", help: "with version-mapping: the release; with format: without effect" },
    { name: "feature", letter: "f", value: "name=level", help: "with feature-dependencies: repeatable; with format: without effect" },
    { name: "add-scram", letter: "S", value: "credential", isRefused: true, help: "of the folder; kafka-configs adds one to a broker" },
  ],
  run: async (flags, io, [command, ...words]) => {
    if (words.length > 0) throw argparseError(NAME, `unrecognized arguments: '${words.join(" ")}'`);
    const need = (name: string, letter: string) => {
      if (!flags.has(name)) throw argparseError(NAME, `argument --${name}/-${letter} is required`);
    };
    switch (command) {
      case "random-uuid":
        io.out(randomUuid());
        return 0;
      case "version-mapping":
        for (const line of mappingLines(flags.get("release-version"))) io.out(line);
        return 0;
      case "feature-dependencies":
        need("feature", "f");
        for (const text of flags.all("feature")) for (const line of dependencyLines(...featureOf(text))) io.out(line);
        return 0;
    }
    if (command === "format") need("cluster-id", "t");
    need("config", "c");
    readTextFile(flags.get("config") ?? "");
    io.out(
      "Nothing was formatted, and nothing needs to be: Odradek makes its data folder when it starts, with the cluster id of CLUSTER_ID or a new one.",
    );
    return 0;
  },
};

function featureOf(text: string): [name: string, level: number] {
  if (!text.includes("="))
    throw new FlagError(`Invalid feature format: ${text}. Expected format: 'feature=version' (e.g. 'group.version=1')`, { isTerse: true });
  return parseFeature(text);
}

/** As Kafka writes them; never with a hyphen in front, which would read as an option. */
function randomUuid(): string {
  for (;;) {
    const bytes = randomBytes(UUID_BYTES);
    bytes[6] = 0x40 | ((bytes[6] ?? 0) & 0x0f);
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    const text = bytes.toString("base64url");
    if (!text.startsWith("-")) return text;
  }
}

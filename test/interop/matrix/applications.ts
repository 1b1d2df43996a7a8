// Applications and frameworks over a client, with scenarios of their own.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NODE } from "../broker-under-test.ts";
import type { Observation } from "../compare.ts";
import { javascriptPackages } from "../javascript-packages.ts";
import { runOrThrow } from "../processes.ts";
import { CONNECT } from "./connect.ts";
import { KAFKA_STREAMS } from "./kafka-streams.ts";
import { KCAT } from "./kcat.ts";
import { MIRROR_MAKER } from "./mirror-maker.ts";
import type { Cell, Row } from "./rows.ts";
import { SPRING_KAFKA } from "./spring-kafka.ts";

const NEST = "@nestjs/microservices";

const nest = (title: string): Cell => ({
  title,
  async run({ bootstrap }) {
    const program = join(import.meta.dirname, "../javascript/nest-application.mjs");
    const name = `nest-${title.replaceAll(" ", "-")}`;
    return JSON.parse(
      await runOrThrow(NODE, [program, await javascriptPackages(), bootstrap, name, title], { deadlineMs: 120_000 }),
    ) as Observation;
  },
});

export const APPLICATIONS: readonly Row[] = [
  CONNECT,
  KAFKA_STREAMS,
  MIRROR_MAKER,
  SPRING_KAFKA,
  KCAT,
  {
    client: NEST,
    language: "JavaScript",
    async open() {
      const manifest = readFileSync(join(await javascriptPackages(), "node_modules", NEST, "package.json"), "utf8");
      return { version: (JSON.parse(manifest) as { version: string }).version, lacks: {} };
    },
    cells: ["request and reply", "an error as the reply", "events with keys and headers"].map(nest),
  },
];

// A process that appends for as long as it lives, and says what was acknowledged: for kill.test.ts.
// Arguments: the folder, the first number to write.

import { writeSync } from "node:fs";
import { nodeFilesystem } from "../../src/base/node-filesystem.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import { append, batchOf, spec } from "./support.ts";

const [directory = "", first = "0"] = process.argv.slice(2);
const engine = openSegmentedEngine({ filesystem: nodeFilesystem, directory, brokerId: 1 });
const log = engine.open(spec({ "internal.segment.bytes": "20000", "index.interval.bytes": "200" }));

for (let number = Number(first); ; number++) {
  const { baseOffset } = append(log, batchOf([String(number)], { producerId: 1, producerEpoch: 0, baseSequence: number }));
  writeSync(1, `${baseOffset} ${number}\n`);
  if (number % 500 === 499) await engine.checkpoint();
}

// The horizon: what Node can do at most on the path of a Produce. Parses frames, writes their bytes to a file, answers; knows nothing of
// Kafka but the shape of a Produce response, and checks nothing.
//
//   node scripts/bench/sink.ts PORT FOLDER

import { closeSync, openSync, writeSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { encodeResponse } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { BufferPool } from "../../src/base/buffer-pool.ts";
import { FrameReader } from "../../src/server/frame-reader.ts";
import { takeOver } from "../../src/server/socket.ts";

const file = openSync(join(process.argv[3] ?? "", "sink"), "w");
process.on("exit", () => closeSync(file));
const pool = new BufferPool();
const shared = Buffer.allocUnsafeSlow(256 * 1024);
const responses = [{ name: "sink", topicId: "AAAAAAAAAAAAAAAAAAAAAA", partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 0 }] }];
const answer = Buffer.concat(encodeResponse(messages.produce, 9, 1, { responses }));

net
  .createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
    let count = 0;
    const frames = new FrameReader(pool, shared, 100 * 1024 * 1024, (frame) => {
      writeSync(file, frame);
      count++;
      return true;
    });
    const socket = takeOver(accepted, {
      target: () => frames.target(),
      received: (bytes) => {
        frames.feed(bytes);
        if (count > 0) socket.write(count === 1 ? answer : Buffer.concat(Array.from({ length: count }, () => answer)));
        count = 0;
        return true;
      },
      drained: () => undefined,
      closed: () => frames.close(),
    });
  })
  .listen(Number(process.argv[2]), "127.0.0.1");

// kcat with the librdkafka of Debian: both come from its packages, which are unpacked into .cache/interop and not installed.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type BrokerUnderTest, CACHE } from "../broker-under-test.ts";
import { withClient } from "../client-process.ts";
import type { Observation } from "../compare.ts";
import { madeOnce } from "../made-once.ts";
import { run, runOrThrow } from "../processes.ts";
import { KEPT_FOR_EVER } from "./bench.ts";
import type { Row } from "./rows.ts";

const FOLDER = join(CACHE, "debian");
const PACKAGES = ["kcat", "librdkafka1", "libyajl2"];
const LIBRARIES = join(FOLDER, "usr/lib/x86_64-linux-gnu");

const unpacked = madeOnce(async (): Promise<string> => {
  const program = join(FOLDER, "usr/bin/kcat");
  if (existsSync(program)) return program;
  mkdirSync(FOLDER, { recursive: true });
  await runOrThrow("apt-get", ["update", "-qq"], { deadlineMs: 120_000 }).catch(() => undefined);
  await runOrThrow("apt-get", ["download", "-qq", ...PACKAGES], { cwd: FOLDER, deadlineMs: 120_000 });
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".deb")))
    await runOrThrow("dpkg", ["-x", join(FOLDER, file), FOLDER]);
  return program;
});

/** What kcat prints, without what differs from run to run. */
async function kcat({ bootstrap }: BrokerUnderTest, args: readonly string[], stdin = ""): Promise<Observation> {
  const env = { LD_LIBRARY_PATH: LIBRARIES };
  const all = ["-b", bootstrap, "-X", "broker.address.family=v4", ...args];
  const { exitCode, stdout, stderr } = await run(await unpacked(), all, { stdin, env, deadlineMs: 60_000 });
  const plain = (text: string): string[] =>
    text
      .replaceAll(bootstrap, "BROKER")
      .replaceAll(/"ts":\d+/g, '"ts":…')
      .replaceAll(/^%\d\|[^|]*\|/gm, "")
      .replaceAll(/thrd:[^\]]*\]|#(consumer|producer)-\d+|Id:\d+/g, "…")
      .split("\n")
      .filter((line) => line !== "");
  return { exitCode, stdout: plain(stdout), stderr: plain(stderr).filter((line) => !/Reached end of topic|rebalanc/i.test(line)) };
}

async function withTopic(broker: BrokerUnderTest, topic: string, use: (topic: string) => Promise<Observation>): Promise<Observation> {
  await withClient("kafkajs", broker.bootstrap, (client) => client.call("createTopic", { topic, partitions: 1, configs: KEPT_FOR_EVER }));
  return use(topic);
}

export const KCAT: Row = {
  client: "kcat",
  language: "C",
  async open() {
    const { stdout } = await run(await unpacked(), ["-V"], { env: { LD_LIBRARY_PATH: LIBRARIES } });
    return { version: /Version (\S+) .*librdkafka (\S+)/s.exec(stdout)?.slice(1).join(" with librdkafka ") ?? "", lacks: {} };
  },
  cells: [
    {
      title: "records with keys, headers and codecs",
      run: (broker) =>
        withTopic(broker, "kcat-records", async (topic) => {
          const sent: Observation[] = [];
          for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
            const fields = ["-k", `key of ${codec}`, "-H", "first=1", "-H", `codec=${codec}`];
            sent.push(await kcat(broker, ["-P", "-t", topic, "-p", "0", "-z", codec, ...fields], `value of ${codec}\nanother\n`));
          }
          return { sent, read: await kcat(broker, ["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"]) };
        }),
    },
    {
      title: "places, metadata and a group",
      run: (broker) =>
        withTopic(broker, "kcat-places", async (topic) => ({
          sent: await kcat(broker, ["-P", "-t", topic, "-p", "0"], "one\ntwo\nthree\n"),
          last: await kcat(broker, ["-C", "-t", topic, "-o", "-1", "-e", "-q"]),
          byTime: [await kcat(broker, ["-Q", "-t", `${topic}:0:1`]), await kcat(broker, ["-Q", "-t", `${topic}:0:-1`])],
          listed: await kcat(broker, ["-L", "-t", topic]),
          group: await kcat(broker, ["-G", topic, "-X", "auto.offset.reset=earliest", "-q", "-c", "3", topic]),
        })),
    },
    {
      title: "transactions",
      run: (broker) =>
        withTopic(broker, "kcat-transactions", async (topic) => ({
          sent: await kcat(broker, ["-P", "-t", topic, "-p", "0", "-X", `transactional.id=${topic}`], "one\ntwo\n"),
          again: await kcat(broker, ["-P", "-t", topic, "-p", "0", "-X", `transactional.id=${topic}`], "three\n"),
          read: await kcat(broker, ["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%o: %s\n"]),
        })),
    },
  ],
};

// Starts a cluster of machines on one, for trying: brokers that are processes of their own, over one database and one object store.
//
//   node scripts/cluster.ts [--brokers 3] [--port 9092] [--cluster postgres://…] [--objects s3://…] [-- further options of `odradek start`]
//
// Where no services are given, nor named by KAFKA_DISKLESS_CLUSTER and KAFKA_DISKLESS_OBJECTS, the references are started that tests use
// (postgres-reference.ts, object-store-reference.ts), and keep running with their data afterwards: `stop` of theirs removes both. Each line says
// which broker it is from, by its port and process id. Ctrl-C stops the brokers in order; to see others take over, end one with `kill -9`.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { hasObjectStoreReference, OBJECT_STORE_REFERENCE } from "./object-store-reference.ts";
import { hasPostgresReference, POSTGRES_REFERENCE } from "./postgres-reference.ts";

const ODRADEK = join(import.meta.dirname, "../src/cli/main.ts");

const { values, positionals } = parseArgs({
  options: { brokers: { type: "string" }, port: { type: "string" }, cluster: { type: "string" }, objects: { type: "string" } },
  allowPositionals: true,
});
const count = Number(values.brokers ?? 3);
const firstPort = Number(values.port ?? 9092);

interface Services {
  readonly cluster: string;
  readonly objects: string;
  readonly environment: NodeJS.ProcessEnv;
}

const services = givenServices() ?? startedServices();
if (services === undefined) {
  console.error("Name a database and a place for records: --cluster postgres://… --objects s3://…");
  process.exit(2);
}
await runBrokers(services);

function givenServices(): Services | undefined {
  const cluster = values.cluster ?? process.env["KAFKA_DISKLESS_CLUSTER"];
  const objects = values.objects ?? process.env["KAFKA_DISKLESS_OBJECTS"];
  return cluster === undefined || objects === undefined ? undefined : { cluster, objects, environment: process.env };
}

function startedServices(): Services | undefined {
  if (!hasPostgresReference() || !hasObjectStoreReference()) return undefined;
  const cluster = execFileSync(POSTGRES_REFERENCE, ["start"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const said = execFileSync(OBJECT_STORE_REFERENCE, ["start"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(said)?.[1] ?? "";
  const environment = {
    ...process.env,
    AWS_ENDPOINT_URL: of("S3_ENDPOINT"),
    AWS_ACCESS_KEY_ID: of("S3_ACCESS_KEY_ID"),
    AWS_SECRET_ACCESS_KEY: of("S3_SECRET_ACCESS_KEY"),
    AWS_REGION: of("S3_REGION"),
  };
  return { cluster, objects: `s3://${of("S3_BUCKET")}/odradek`, environment };
}

async function runBrokers({ cluster, objects, environment }: Services): Promise<void> {
  const brokers: ChildProcess[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // The terminal has told them of Ctrl-C; whoever else ends us has not.
    process.on(signal, () => signal === "SIGTERM" && brokers.forEach((broker) => void broker.kill(signal)));
  }
  for (let index = 0; index < count; index++) {
    const port = firstPort + index;
    const options = ["start", "--cluster", cluster, "--objects", objects, "--port", String(port), ...positionals];
    const broker = spawn(process.execPath, [ODRADEK, ...options], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    brokers.push(broker);
    const name = `${port} (${broker.pid})`;
    for (const stream of [broker.stdout, broker.stderr]) {
      createInterface({ input: stream }).on("line", (line) => console.log(`${name}  ${line}`));
    }
    broker.on("exit", (code, signal) => console.log(`${name}  ended (${signal ?? code})`));
  }
  await Promise.all(brokers.map((broker) => once(broker, "exit")));
}

// Kafka's own Admin client, method by method (java/AdminTour.java), on brokers that have an authorizer, so that access rules can be made. Left
// out are the methods that Odradek does not serve yet: the README names them.

import { join } from "node:path";
import { afterAll } from "vitest";
import { type BrokerUnderTest, KAFKA_REFERENCE } from "./broker-under-test.ts";
import { compare, type Observation } from "./compare.ts";
import { OwnBrokers } from "./own-brokers.ts";
import { port } from "./port.ts";
import { run, runOrThrow } from "./processes.ts";

const brokers = new OwnBrokers({
  title: "admin",
  ports: { kafka: port(19362), odradek: port(19462) },
  settings: {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
  },
});
afterAll(() => brokers.stop());
/** More than enough methods, so that a tour which breaks off is not equal to another that does. */
const LEAST_CALLS = 140;

compare("Java Admin: every method that is served answers alike", async (broker) => tour(await brokers.of(broker)), {
  alsoDiskless: true,
  // Of deleted records nothing is left there, while Kafka keeps the segment that they are in.
  diskless: (observed) => (observed as readonly string[]).map((line) => line.replace(/\bsize=[1-9]\d*/g, "size=<some>")),
});

async function tour({ bootstrap }: BrokerUnderTest): Promise<Observation> {
  const classPath = (await runOrThrow(KAFKA_REFERENCE, ["classpath"])).trim();
  const program = join(import.meta.dirname, "java/AdminTour.java");
  const args = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", classPath, program, bootstrap, "tour"];
  const { exitCode, stdout, stderr } = await run("java", args, { deadlineMs: 200_000 });
  const answers = stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
  if (exitCode !== 0 || answers.length < LEAST_CALLS)
    throw new Error(`the tour ended with ${exitCode} after ${answers.length} calls: ${stderr.slice(-2000)}`);
  return answers.map(({ call, answer }) => `${call}: ${answer}`);
}

// Programs with Kafka's Java client (java/), compiled once into .cache/interop.

import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { CACHE, KAFKA_REFERENCE, ROOT } from "./broker-under-test.ts";
import { isTraced } from "./client-trace.ts";
import { madeOnce } from "./made-once.ts";
import { runOrThrow } from "./processes.ts";

/** Short-lived and quiet: a small heap, the quick compiler, and one thread to collect garbage. */
const JVM = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];
const QUIET = [`-Dlog4j2.level=${isTraced ? "DEBUG" : "OFF"}`, "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-Xlog:cds=off"];
const PATIENCE = { deadlineMs: 120_000 };

/**
 * What `java` is called with to run the program, before its own arguments.
 *
 * @param rehearsal arguments with which the program ends by itself. It is run so once, and what the JVM has loaded until then is kept, which
 * halves the time in which every later one starts. Its input is at its end.
 */
export const javaProgram = madeOnce(async (name: string, rehearsal?: readonly string[]): Promise<readonly string[]> => {
  const libraries = (await runOrThrow(KAFKA_REFERENCE, ["classpath"])).trim();
  const folder = join(CACHE, `java-${name}`);
  const jar = join(folder, `${name}.jar`);
  const archive = join(folder, `${name}.jsa`);
  const source = join(ROOT, `test/interop/java/${name}.java`);
  const common = [...JVM, ...QUIET, "-cp", `${jar}:${libraries}`, name];
  if (!existsSync(jar) || statSync(jar).mtimeMs < statSync(source).mtimeMs) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await runOrThrow("javac", ["-cp", libraries, "-d", join(folder, "classes"), source], PATIENCE);
    await runOrThrow("jar", ["--create", "--file", jar, "-C", join(folder, "classes"), "."], PATIENCE);
    if (rehearsal !== undefined) await runOrThrow("java", [`-XX:ArchiveClassesAtExit=${archive}`, ...common, ...rehearsal], PATIENCE);
  }
  return rehearsal === undefined ? common : [`-XX:SharedArchiveFile=${archive}`, ...common];
});

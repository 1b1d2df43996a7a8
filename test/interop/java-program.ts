// Programs with Kafka's Java client (java/), compiled once into .cache/interop, against the jars of the reference Kafka or those that Maven
// fetches there.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, KAFKA_REFERENCE, ROOT } from "./broker-under-test.ts";
import { isTraced } from "./client-trace.ts";
import { madeOnce } from "./made-once.ts";
import { runOrThrow } from "./processes.ts";

/** Short-lived and quiet: a small heap, the quick compiler, and one thread to collect garbage. */
export const JVM = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];
const QUIET = [`-Dlog4j2.level=${isTraced ? "DEBUG" : "OFF"}`, "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-Xlog:cds=off"];
const PATIENCE = { deadlineMs: 120_000 };

export interface JavaLibraries {
  /** Of a version of the program, beside the one with the jars of the reference Kafka. */
  readonly version: string;
  /** As in `groupId:artifactId:version`. They and what they need are fetched by Maven. */
  readonly artifacts: readonly string[];
}

/**
 * What `java` is called with to run the program, before its own arguments.
 *
 * @param rehearsal arguments with which the program ends by itself. It is run so once, and what the JVM has loaded until then is kept, which
 * halves the time in which every later one starts. Its input is at its end.
 * @param wanted default: the jars of the reference Kafka
 */
export const javaProgram = madeOnce(
  async (name: string, rehearsal?: readonly string[], wanted?: JavaLibraries): Promise<readonly string[]> => {
    const folder = join(CACHE, `java-${name}${wanted === undefined ? "" : `-${wanted.version}`}`);
    const libraries = wanted === undefined ? await referenceLibraries() : await mavenJars(wanted);
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
  },
);

/** A class path. */
export async function referenceLibraries(): Promise<string> {
  return (await runOrThrow(KAFKA_REFERENCE, ["classpath"])).trim();
}

/** A class path, which is all of a folder. */
export async function mavenJars({ version, artifacts }: JavaLibraries): Promise<string> {
  const folder = join(CACHE, `maven-${version}`);
  const jars = join(folder, "jars");
  const project = pom(artifacts);
  const path = join(folder, "pom.xml");
  if (existsSync(path) && readFileSync(path, "utf8") === project) return join(jars, "*");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const fetching = join(folder, "fetching.xml");
  writeFileSync(fetching, project);
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${jars}`, "-DincludeScope=runtime"];
  await runOrThrow("mvn", ["-q", "-B", "-f", fetching, ...goal], { deadlineMs: 600_000 });
  renameSync(fetching, path); // Now it is all there.
  return join(jars, "*");
}

function pom(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(":");
    return `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "  <modelVersion>4.0.0</modelVersion>",
    "  <groupId>interop</groupId><artifactId>interop</artifactId><version>1</version><packaging>pom</packaging>",
    "  <dependencies>",
    ...dependencies,
    "  </dependencies>",
    "</project>",
    "",
  ].join("\n");
}

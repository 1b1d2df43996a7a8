// Who listens on a port: asked of /proc on Linux, of lsof elsewhere. A kindness of the error message; finding nothing is fine.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

export interface PortHolder {
  readonly processId: number;
  readonly name: string;
}

export function holderOfPort(port: number): PortHolder | undefined {
  try {
    return process.platform === "linux" ? holderFromProc(port) : holderFromLsof(port);
  } catch {
    return undefined;
  }
}

const LISTENING = "0A";

function holderFromProc(port: number): PortHolder | undefined {
  const sockets = new Set([...listeningSockets("/proc/net/tcp", port), ...listeningSockets("/proc/net/tcp6", port)]);
  if (sockets.size === 0) return undefined;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || !holdsOneOf(entry, sockets)) continue;
    return { processId: Number(entry), name: programOf(entry) };
  }
  return undefined;
}

/** The program as it was called; Node calls its own thread something else. */
function programOf(processId: string): string {
  const [program = ""] = readFileSync(`/proc/${processId}/cmdline`, "utf8").split("\0");
  return basename(program) || readFileSync(`/proc/${processId}/comm`, "utf8").trim();
}

/** As they appear among a process's file descriptors. */
function listeningSockets(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const found: string[] = [];
  for (const line of readFileSync(table, "utf8").split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(`:${hexPort}`) && fields[3] === LISTENING) found.push(`socket:[${fields[9]}]`);
  }
  return found;
}

/** False also for processes of others, whose descriptors we may not see. */
function holdsOneOf(processId: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${processId}/fd`).some((descriptor) => sockets.has(readlinkOrNothing(`/proc/${processId}/fd/${descriptor}`)));
  } catch {
    return false;
  }
}

function readlinkOrNothing(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function holderFromLsof(port: number): PortHolder | undefined {
  const output = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], {
    encoding: "utf8",
    timeout: 2000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [, processId, name] = /^p(\d+)\nc(.*)$/m.exec(output) ?? [];
  return processId === undefined ? undefined : { processId: Number(processId), name: name ?? "" };
}

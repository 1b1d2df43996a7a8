// The process and its event loop, by the names that Prometheus' client for Node gives. Whatever threads the process has, these are of all of it,
// but for the event loop, which is this broker's.

import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { DELAY_BUCKETS_MS } from "../../server/loop-delay.ts";
import type { BrokerView } from "../broker-view.ts";
import type { Exposition } from "./exposition.ts";

const MS_PER_S = 1000;
const US_PER_S = 1_000_000;

export class ProcessMetrics {
  readonly #view: BrokerView;
  /** When metrics were read last; `undefined`: never. */
  #utilization: ReturnType<typeof performance.eventLoopUtilization> | undefined;

  constructor(view: BrokerView) {
    this.#view = view;
  }

  add(out: Exposition): void {
    this.#addLoop(out);
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    const counter = (name: string, help: string, value: number) => out.family("counter", name, help)(value);
    const gauge = (name: string, help: string, value: number) => out.family("gauge", name, help)(value);
    counter("process_cpu_user_seconds_total", "Seconds of the processor spent by the process itself.", user / US_PER_S);
    counter("process_cpu_system_seconds_total", "Seconds of the processor spent in the kernel for it.", system / US_PER_S);
    counter("process_cpu_seconds_total", "Both.", (user + system) / US_PER_S);
    gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", performance.timeOrigin / MS_PER_S);
    gauge("process_resident_memory_bytes", "Memory as the system counts it.", memory.rss);
    gauge("nodejs_heap_size_total_bytes", "Memory that V8 has taken.", memory.heapTotal);
    gauge("nodejs_heap_size_used_bytes", "What of it is in use.", memory.heapUsed);
    gauge("nodejs_external_memory_bytes", "Memory of buffers, beside the heap.", memory.external);
    const descriptors = openDescriptors();
    if (descriptors !== undefined) {
      gauge("process_open_fds", "Open files and sockets.", descriptors.open);
      if (descriptors.most !== undefined) gauge("process_max_fds", "How many there may be.", descriptors.most);
    }
    out.family("gauge", "nodejs_version_info", "Node's version.")(1, { version: process.version });
  }

  /** The one event loop does what network threads and request handlers do at Kafka. */
  #addLoop(out: Exposition): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = this.#utilization === undefined ? now : performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    const idle = 1 - utilization;
    for (const name of [
      "kafka_network_socketserver_networkprocessoravgidlepercent",
      "kafka_network_socketserver_networkprocessoravgidle_percent",
      "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent",
    ])
      out.family(
        "gauge",
        name,
        "The part of the time, 0 to 1, in which the event loop had nothing to do, since metrics were read last.",
      )(idle);
    const { longestMs, counts } = this.#view.loopDelay();
    let count = 0;
    const below = counts.map((each) => {
      count += each;
      return count;
    });
    const bounds = DELAY_BUCKETS_MS.map((ms) => ms / MS_PER_S);
    out.histogram("odradek_event_loop_delay_seconds", "How late the event loop was, looked at every 50 ms.")({ bounds, below, count });
    out.family("gauge", "odradek_event_loop_longest_delay_seconds", "The longest delay since the start.")(longestMs / MS_PER_S);
  }
}

/** `undefined` where the system does not say. */
function openDescriptors(): { readonly open: number; readonly most: number | undefined } | undefined {
  try {
    const [, most] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return { open: readdirSync("/proc/self/fd").length, most: most === undefined ? undefined : Number(most) };
  } catch {
    return undefined;
  }
}

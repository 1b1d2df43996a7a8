// What `odradek start --cluster … --objects …` asks for: one broker of a cluster of machines, which has no data of its own.

import { type BrokerConfig, placeOf } from "../config/broker-config.ts";
import { usageError } from "./command-error.ts";

export interface MachinePlan {
  /** s3://bucket/prefix */
  readonly objects: string;
  /** Nothing says where it is to listen: where others can reach it. */
  readonly isHostOpen: boolean;
}

interface GivenBeside {
  readonly data?: string;
  readonly memory?: boolean;
  readonly workers?: string;
  readonly brokers?: string;
}

type ServiceSetting = "diskless.cluster" | "diskless.objects";

/** `undefined` where no setting asks for it. Raises a usage error, which shows no password. */
export function planMachine(
  config: BrokerConfig,
  given: GivenBeside,
  { isHostOpen, brokerCount }: { readonly isHostOpen: boolean; readonly brokerCount: number },
): MachinePlan | undefined {
  const { "diskless.cluster": cluster, "diskless.objects": objects } = config;
  if (cluster === null && objects === null) return undefined;
  const names = { cluster: nameOf(config, "diskless.cluster"), objects: nameOf(config, "diskless.objects") };
  if (cluster === null) throw usageError(`${names.objects} needs a database beside it: --cluster postgres://host/database`);
  if (objects === null) throw usageError(`${names.cluster} needs a place for records beside it: --objects s3://bucket/prefix`);
  if (!/^postgres(?:ql)?:\/\//.test(cluster) || !URL.canParse(cluster))
    throw usageError(`${names.cluster}: a database is written postgres://user:password@host:port/database`);
  if (!/^s3:\/\/[^/]/.test(objects)) throw usageError(`${names.objects} ${objects}: a place for records is written s3://bucket/prefix`);
  const fault = faultBeside(given, brokerCount, objects);
  if (fault !== undefined) throw usageError(`${fault[0]} and ${names.cluster} contradict each other: ${fault[1]}`);
  return { objects, isHostOpen };
}

function faultBeside({ data, memory, workers, brokers }: GivenBeside, brokerCount: number, objects: string): [string, string] | undefined {
  if (memory) return ["--memory", `a cluster of machines keeps its data in ${objects}`];
  if (data !== undefined) return ["--data", `a cluster of machines keeps its data in ${objects}`];
  if (workers !== undefined) return ["--workers", "each process is one broker of the cluster; start further ones"];
  if (brokers !== undefined) return ["--brokers", "each process is one broker of the cluster; start further ones"];
  return brokerCount > 1 ? ["several ports", "each process is one broker of the cluster; start further ones"] : undefined;
}

/** The option that was given, or the setting and where it was. */
function nameOf(config: BrokerConfig, name: ServiceSetting): string {
  const place = placeOf(config, name);
  const option = name === "diskless.cluster" ? "--cluster" : "--objects";
  return place === undefined || place === `with ${option}` ? option : `${name} (given ${place})`;
}

// `kafka-broker-api-versions`: what each broker serves, and the newest version that this command and the broker share.

import { apis, envelope } from "../../../protocol/messages/index.ts";
import type { Api } from "../../../protocol/schema/message.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from "./flags.ts";
import { type Tool, withBrokers } from "./tool.ts";

/** Brokers ask each other for more. */
const clientApis = apis.filter((api: Api) => api.key !== envelope.key);

export const kafkaBrokerApiVersions: Tool = {
  purpose: "Print the versions of the APIs that each broker serves.",
  flags: [BOOTSTRAP_SERVER, COMMAND_CONFIG],
  run: (flags, io) => {
    flags.need("bootstrap-server");
    return withBrokers(flags, async (brokers) => {
      for (const { id, host, port, rack } of await brokers.all()) {
        const { versions } = await brokers.byId(id);
        const known = clientApis.map((api: Api) => `\t${api.name}(${api.key}): ${versionsText(api, versions.get(api.key))}`);
        const others = [...versions].filter(([key]) => !clientApis.some((api: Api) => api.key === key));
        const unknown = others.map(([key, { min, max }]) => `\tUNKNOWN(${key}): ${rangeText(min, max)} [unusable: node too new]`);
        io.out(`${host}:${port} (id: ${id} rack: ${rack} isFenced: false) -> (\n${[...known, ...unknown].join(",\n")}\n)`);
      }
      return 0;
    });
  },
};

function versionsText(api: Api, served: { readonly min: number; readonly max: number } | undefined): string {
  if (served === undefined) return "UNSUPPORTED";
  const { min, max } = served;
  const { lowest, highest } = api.request.versions;
  const usable = Math.min(max, highest);
  const note =
    usable >= min && usable >= lowest ? `[usable: ${usable}]` : max < lowest ? "[unusable: node too old]" : "[unusable: node too new]";
  return `${rangeText(min, max)} ${note}`;
}

function rangeText(min: number, max: number): string {
  return min === max ? `${min}` : `${min} to ${max}`;
}

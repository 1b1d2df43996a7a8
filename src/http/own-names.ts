// The names by which a broker goes: hosts of its listeners and of those that it tells to clients, the machine's, and what a setting names.

import { hostname } from "node:os";
import type { BrokerView } from "./broker-view.ts";

/** Of a name in lower case, whether it is one of them at the moment. */
export function ownNames({ services: { config, cluster, brokerId }, listeners }: BrokerView): (name: string) => boolean {
  const ofMachine = hostname().toLowerCase();
  return (name) => {
    if (name === ofMachine || config["odradek.http.hosts"].some((host) => host.toLowerCase() === name)) return true;
    const endpoints = cluster.image.brokers.get(brokerId)?.endpoints ?? [];
    return [...endpoints, ...listeners()].some(({ host }) => host?.toLowerCase() === name);
  };
}

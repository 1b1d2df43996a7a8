// `kafka-groups`: groups of all types.

import { inMapOrder, stringHash } from "../../base/java-order.ts";
import { listAllGroups } from "../../client/admin/groups.ts";
import { cell, line } from "./columns.ts";
import { capitalised } from "./consumer-groups.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError } from "./flags.ts";
import { type Tool, withBrokers } from "./tool.ts";

const TYPES = ["classic", "consumer", "share", "streams"] as const;
const FILTERS = ["consumer", "share", "streams"] as const;

export const kafkaGroups: Tool = {
  purpose: "List groups of all types.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "list", help: "list the groups" },
    { name: "group-type", value: "type", help: `${TYPES.join(", ")}` },
    { name: "protocol", value: "name", help: "groups of this protocol, such as consumer or connect" },
    { name: "consumer", help: "all kinds of consumer groups" },
    { name: "share", help: "share groups" },
    { name: "streams", help: "streams groups" },
  ],
  run: (flags, io) => {
    flags.need("bootstrap-server");
    if (!flags.has("list")) throw new FlagError("Command must include exactly one action: --list.");
    for (const name of FILTERS)
      for (const other of ["protocol", "group-type", ...FILTERS.filter((filter) => filter !== name)])
        if (flags.has(name) && flags.has(other)) throw new FlagError(`Option "[${name}]" can't be used with option "[${other}]"`);
    const type = flags.get("group-type")?.toLowerCase();
    if (type !== undefined && !TYPES.some((known) => known === type))
      throw new FlagError("--group-type must be a valid group type.", { isTerse: true });
    const protocol = flags.get("protocol");
    const filter = FILTERS.find((name) => flags.has(name));
    return withBrokers(flags, async (brokers) => {
      const listed = (await listAllGroups(brokers)).map((group) => ({
        ...group,
        type: group.type === "" ? "classic" : group.type.toLowerCase(),
      }));
      const groups = listed.filter((group) => {
        if (type !== undefined && group.type !== type) return false;
        if (protocol !== undefined && group.protocolType !== protocol) return false;
        if (filter === "consumer")
          return group.type === "consumer" || (group.type === "classic" && ["consumer", ""].includes(group.protocolType));
        return filter === undefined || group.type === filter;
      });
      const width = Math.max(20, ...groups.map(({ id }) => id.length));
      const row = (...[id = "", kind = "", name = ""]: readonly string[]) =>
        io.out(line([cell(id, width), cell(kind, 20), cell(name, 20)]));
      row("GROUP", "TYPE", "PROTOCOL");
      for (const { id, type: kind, protocolType } of inMapOrder(groups, (group) => stringHash(group.id)))
        row(id, capitalised(kind), protocolType);
      return 0;
    });
  },
};

// What the kit tells over HTTP, where somebody looks at a test's broker with a browser: why a group has not got a record, and faults of requests.

import type { FaultRule } from "../faults/fault-rule.ts";
import { FaultError } from "../faults/fault-rule.ts";
import type { Fault, Faults } from "../faults/faults.ts";
import type { TestSide } from "../http/test-side.ts";
import { explainUndelivered, explainUnstable } from "./explain.ts";
import type { WaitParts } from "./wait-parts.ts";

export function httpKit(parts: WaitParts, faults: Faults): TestSide {
  const ids = new Map<Fault, string>();
  let lastId = 0;
  const known = () =>
    faults.all.map((fault) => {
      const id = ids.get(fault) ?? String(++lastId);
      ids.set(fault, id);
      return { id, fault };
    });
  return {
    explain: async (group, topic) => ({
      unstable: parts.groups.obstacles(group).length === 0 ? [] : linesOf(await explainUnstable(parts, group)),
      undelivered: linesOf(await explainUndelivered(parts, group, topic)),
    }),
    faults: () => known().map(({ id, fault: { rule, count } }) => ({ id, rule: JSON.parse(JSON.stringify(rule)), struck: count })),
    addFault: (rule) => {
      try {
        faults.add(rule as FaultRule);
        return undefined;
      } catch (error) {
        if (error instanceof FaultError) return error.message;
        throw error;
      }
    },
    removeFault: (id) => {
      if (id === undefined) faults.clear();
      const found = known().find((each) => each.id === id)?.fault;
      found?.remove();
      return id === undefined || found !== undefined;
    },
  };
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

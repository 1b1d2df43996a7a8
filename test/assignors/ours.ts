// Our own assignors, asked as Kafka's are.

import { assignors } from "../../src/coordinator/group/assignors/index.ts";
import { type Group, inputOf, type Parts } from "./group.ts";

export function assignOurs(name: string, group: Group): Parts {
  const assignor = assignors.get(name);
  if (assignor === undefined) throw new Error(`no assignor ${name}`);
  const work = assignor.assign(inputOf(group));
  for (;;) {
    const { done, value } = work.next();
    if (done !== true) continue;
    return group.members.map(({ memberId }) => {
      const part = value.get(memberId);
      if (part === undefined) throw new Error(`${name} forgot ${memberId}`);
      return part;
    });
  }
}

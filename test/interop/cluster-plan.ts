// What happens to the brokers of a cluster while clients work with it, in an order that a seed decides.

import { SeededChance } from "../../src/faults/seeded-chance.ts";

/** Who is meant: any broker, or the one that coordinates the group or the transactional id at that time. */
export type Victim = "any" | "group coordinator" | "transaction coordinator";

export type Step =
  | { readonly does: "stop" | "kill"; readonly victim: Victim; readonly pick: number }
  /** `pick`, from 0 to below 1, says which of those that are down. */
  | { readonly does: "restart"; readonly pick: number }
  | { readonly does: "add" };

export interface PlanLimits {
  readonly steps: number;
  /** As many brokers may be away at a time. */
  readonly mostDown: number;
}

/** Always with one broker that is added; the rest is stopping, killing and restarting. */
export function planSteps(seed: number, { steps, mostDown }: PlanLimits): Step[] {
  const chance = new SeededChance(seed);
  const addsAt = Math.floor(chance.next() * (steps - 1)) + 1;
  const plan: Step[] = [];
  let down = 0;
  while (plan.length < steps) {
    const [what, whom, pick] = [chance.next(), chance.next(), chance.next()];
    if (plan.length === addsAt) plan.push({ does: "add" });
    else if (down > 0 && (down >= mostDown || what < 0.4)) {
      plan.push({ does: "restart", pick });
      down--;
    } else {
      const victim = whom < 0.3 ? "group coordinator" : whom < 0.6 ? "transaction coordinator" : "any";
      plan.push({ does: what < 0.7 ? "kill" : "stop", victim, pick });
      down++;
    }
  }
  return plan;
}

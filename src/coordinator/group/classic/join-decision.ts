// What a member asks for when it joins, and what is decided on that.

import type { Decision } from "../../decision.ts";
import type { ClassicGroupRecord } from "../group-record.ts";
import type { JoinAnswer } from "./answers.ts";
import type { MemberTerms } from "./classic-member.ts";

export interface Join {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly protocolType: string;
  readonly terms: MemberTerms;
}

export type JoinDecision = Decision<ClassicGroupRecord, JoinAnswer | Promise<JoinAnswer>>;

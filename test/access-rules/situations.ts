// In which a request may come: who sends it, and which rules there are for what it needs. Each situation has a user of its own, so that all of
// those of a phase stand side by side; what would concern other users too has its own phase. Phases follow one another, and with each the
// rules of the one before go, while the connections stay.

import {
  ALL,
  ALTER,
  ALTER_CONFIGS,
  allow,
  CLUSTER,
  DELEGATION_TOKEN,
  DELETE,
  DENY,
  DESCRIBE,
  DESCRIBE_CONFIGS,
  GROUP,
  type Need,
  PREFIXED,
  READ,
  type Rule,
  TOPIC,
  TRANSACTIONAL_ID,
  USER,
  WRITE,
} from "./rules.ts";

export type Phase = "rules" | "none" | "everybody allowed" | "everybody denied";
export const PHASES: readonly Phase[] = ["rules", "none", "everybody allowed", "everybody denied"];

/** `strict`: whoever has no rule is refused. `open`: where a resource has no rule, everybody may (allow.everyone.if.no.acl.found). */
export type Policy = "strict" | "open";

export interface Situation {
  readonly name: string;
  readonly policy: Policy;
  /** When the request is sent. Rules are there from the first phase in which they may be, which is the same unless they are withdrawn. */
  readonly phase: Phase;
  readonly rules: (needs: readonly Need[], self: string) => readonly Rule[];
  /** The rules are there in the phase `rules`, and the request is sent then, too. */
  readonly isWithdrawn?: boolean;
  readonly sender?: "nobody" | "super user";
  /** Which requests it is of interest for; all, if absent. */
  readonly concerns?: (needs: readonly Need[]) => boolean;
}

const strict = (name: string, rules: Situation["rules"], more: Partial<Situation> = {}): Situation => ({
  name,
  policy: "strict",
  phase: "rules",
  rules,
  ...more,
});
const open = (name: string, rules: Situation["rules"], more: Partial<Situation> = {}): Situation => ({
  ...strict(name, rules, more),
  policy: "open",
});

const each =
  (more: Partial<Rule> = {}): Situation["rules"] =>
  (needs, self) =>
    needs.map((need) => allow(need, self, more));

/** The needs, but by other names or operations; none where there is no other. */
const otherwise =
  (change: (need: Need) => Partial<Rule> | undefined): Situation["rules"] =>
  (needs, self) =>
    needs.flatMap((need) => {
      const changed = change(need);
      return changed === undefined ? [] : [allow(need, self, changed)];
    });

const prefixOf = ({ resourceType, resourceName }: Need) => (resourceType === CLUSTER ? resourceName : resourceName.slice(0, -1));
const RESOURCE_KINDS = { topic: TOPIC, group: GROUP, cluster: CLUSTER, transaction: TRANSACTIONAL_ID, token: DELEGATION_TOKEN, user: USER };

/** Operations that imply another, which is then not allowed by itself. */
const IMPLYING: Readonly<Record<number, readonly number[]>> = {
  [DESCRIBE]: [READ, WRITE, DELETE, ALTER],
  [DESCRIBE_CONFIGS]: [ALTER_CONFIGS],
};

const implying = (operation: number): Situation["rules"] =>
  otherwise((need) => (IMPLYING[need.operation]?.includes(operation) === true ? { operation } : {}));
const isImpliedBy = (operation: number) => (needs: readonly Need[]) =>
  needs.some((need) => IMPLYING[need.operation]?.includes(operation) === true);

const without = (kind: keyof typeof RESOURCE_KINDS): Situation =>
  strict(
    `without ${kind}`,
    (needs, self) => needs.filter((need) => need.resourceType !== RESOURCE_KINDS[kind]).map((need) => allow(need, self)),
    {
      concerns: (needs) =>
        needs.some((need) => need.resourceType === RESOURCE_KINDS[kind]) &&
        needs.some((need) => need.resourceType !== RESOURCE_KINDS[kind]),
    },
  );

export const SITUATIONS: readonly Situation[] = [
  strict("no authentication", each(), { sender: "nobody" }),
  strict("wrong principal", (needs) => needs.map((need) => allow(need, "User:somebody-else"))),
  strict("principal of another case", (needs, self) =>
    needs.map((need) => allow(need, `User:${self.slice("User:".length).toUpperCase()}`)),
  ),
  strict("no rule", () => [], { phase: "none" }),
  strict("allowed", each()),
  strict("denied beside allowed", (needs, self) =>
    needs.flatMap((need) => [allow(need, self), allow(need, self, { permissionType: DENY })]),
  ),
  strict("denied everything by prefix", (needs, self) =>
    needs.flatMap((need) => [
      allow(need, self),
      allow(need, self, { permissionType: DENY, operation: ALL, resourceName: prefixOf(need), resourcePatternType: PREFIXED }),
    ]),
  ),
  strict(
    "denied to all on all",
    (needs, self) =>
      needs.flatMap((need) => [
        allow(need, self),
        allow(need, "User:*", { permissionType: DENY, resourceName: need.resourceType === CLUSTER ? need.resourceName : "*" }),
      ]),
    { phase: "everybody denied" },
  ),
  strict("rule withdrawn", each(), { phase: "none", isWithdrawn: true }),
  strict("every operation", each({ operation: ALL })),
  strict(
    "by prefix",
    otherwise((need) => ({ resourceName: prefixOf(need), resourcePatternType: PREFIXED })),
  ),
  strict(
    "by prefix of another case",
    otherwise((need) =>
      need.resourceType === CLUSTER ? undefined : { resourceName: prefixOf(need).toUpperCase(), resourcePatternType: PREFIXED },
    ),
  ),
  strict(
    "by a prefix as literal",
    otherwise((need) => (need.resourceType === CLUSTER ? undefined : { resourceName: prefixOf(need) })),
  ),
  strict(
    "on any resource",
    otherwise((need) => (need.resourceType === CLUSTER ? {} : { resourceName: "*" })),
  ),
  strict("from another host", each({ host: "10.1.2.3" })),
  strict("from this host", each({ host: "127.0.0.1" })),
  strict("to everybody", (needs) => needs.map((need) => allow(need, "User:*")), { phase: "everybody allowed" }),
  strict("super user", (needs, self) => needs.map((need) => allow(need, self, { permissionType: DENY })), { sender: "super user" }),
  strict(
    "description only",
    otherwise(() => ({ operation: DESCRIBE })),
  ),
  strict("implied by reading", implying(READ), { concerns: isImpliedBy(READ) }),
  strict("implied by writing", implying(WRITE), { concerns: isImpliedBy(WRITE) }),
  strict("implied by deleting", implying(DELETE), { concerns: isImpliedBy(DELETE) }),
  strict("implied by altering", implying(ALTER), { concerns: isImpliedBy(ALTER) }),
  strict("implied by altering configs", implying(ALTER_CONFIGS), { concerns: isImpliedBy(ALTER_CONFIGS) }),
  ...(Object.keys(RESOURCE_KINDS) as (keyof typeof RESOURCE_KINDS)[]).map(without),
  open("no rule where that is open", () => [], { phase: "none" }),
  open("a rule for another where no rule is open", (needs) => needs.map((need) => allow(need, "User:somebody-else"))),
  open("denied where no rule is open", each({ permissionType: DENY })),
  open("a prefix for another where no rule is open", (needs) =>
    needs.map((need) => allow(need, "User:somebody-else", { resourceName: prefixOf(need), resourcePatternType: PREFIXED })),
  ),
];

/** As it logs in; a name that may stand in a JAAS line. */
export function userOf({ name, sender }: Situation): string {
  return sender === "super user" ? SUPER_USER : name.replaceAll(" ", "-");
}

export const SUPER_USER = "super";
/** A super user, too: who sets up what the requests are about. */
export const ADMIN = "admin";
export const USERS: readonly string[] = [...new Set([ADMIN, SUPER_USER, ...SITUATIONS.map(userOf)])];

/** With its password, which is its name. */
export const JAAS_LINE = `org.apache.kafka.common.security.plain.PlainLoginModule required ${USERS.map((user) => `user_${user}="${user}"`).join(" ")};`;

export const LONGEST_SESSION_MS = 3_600_000;

/** Of a broker with the authorizer and a listener that knows USERS; its own tools and brokers come without a login. */
export function authorizerSettings(policy: Policy): Record<string, string> {
  return {
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl_plaintext.plain.sasl.jaas.config": JAAS_LINE,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": ["ANONYMOUS", ADMIN, SUPER_USER].map((user) => `User:${user}`).join(";"),
    "allow.everyone.if.no.acl.found": `${policy === "open"}`,
    "delegation.token.secret.key": "secret",
    "connection.failed.authentication.delay.ms": "0",
    "auto.create.topics.enable": "true",
    "log.retention.ms": "-1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    // Members are made before they are asked about, and say nothing in between: see SetUp.
    "group.consumer.max.session.timeout.ms": `${LONGEST_SESSION_MS}`,
    "group.streams.max.session.timeout.ms": `${LONGEST_SESSION_MS}`,
    "group.streams.initial.rebalance.delay.ms": "0",
    "group.streams.assignment.interval.ms": "0",
  };
}

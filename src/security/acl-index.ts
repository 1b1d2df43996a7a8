// Access rules by the resources that they are about, and what they come to: the rules of Apache Kafka's StandardAuthorizer. Pure.
//
//   a rule that denies, of this operation or of ALL              ─▶ denied, whatever else permits
//   a rule that allows it, or ALL, or an operation that implies it ─▶ allowed
//   rules about the resource, none about this                      ─▶ denied
//   no rule about the resource                                     ─▶ "none": what then holds is a setting
//
// A rule is about a resource when it names it, or a prefix of it, or "*". It is about a client when it names its principal or "User:*", and
// its address or "*". What is allowed implies DESCRIBE or DESCRIBE_CONFIGS; what is denied implies nothing.

import { AclOperations, PatternTypes, Permissions } from "../../protocol/acl-codes.ts";
import { type Acl, WILDCARD } from "./acls.ts";
import type { PermissionCodes } from "./permission.ts";

export interface Question extends PermissionCodes {
  readonly principal: string;
  /** The client's address, as Java prints it. */
  readonly host: string;
}

export type Verdict = "allowed" | "denied" | "none";

const ANY_PRINCIPAL = "User:*";
const { READ, WRITE, DELETE, ALTER, DESCRIBE, ALTER_CONFIGS, DESCRIBE_CONFIGS } = AclOperations;
const IMPLYING: ReadonlyMap<number, readonly number[]> = new Map([
  [DESCRIBE, [DESCRIBE, READ, WRITE, DELETE, ALTER]],
  [DESCRIBE_CONFIGS, [DESCRIBE_CONFIGS, ALTER_CONFIGS]],
]);

export class AclIndex {
  readonly #rules: readonly Acl[];
  readonly #types = new Map<number, TypeIndex>();

  constructor(rules: Iterable<Acl>) {
    this.#rules = [...rules];
  }

  verdict(question: Question, name: string): Verdict {
    let verdict: Verdict = "none";
    for (const rules of this.#ofType(question.resourceType).about(name)) {
      for (const rule of rules) {
        // There is one about the resource.
        if (verdict === "none") verdict = "denied";
        if (!isAbout(rule, question)) continue;
        if (rule.permission === Permissions.DENY) {
          if (isOf(rule, question.operation)) return "denied";
        } else if (implies(rule, question.operation)) verdict = "allowed";
      }
    }
    return verdict;
  }

  /** Whether the client may do something with one resource of a type at least: with one that is allowed and not denied as a whole. */
  isAllowedSomewhere(question: Question): boolean {
    const { resourceType, operation } = question;
    const rules = this.#rules.filter((rule) => rule.resourceType === resourceType && isAbout(rule, question) && isOf(rule, operation));
    const patternsOf = (permission: number, patternType: number) =>
      new Set(
        rules.filter((rule) => rule.permission === permission && rule.patternType === patternType).map(({ resourceName }) => resourceName),
      );
    const deniedNames = patternsOf(Permissions.DENY, PatternTypes.LITERAL);
    const deniedPrefixes = patternsOf(Permissions.DENY, PatternTypes.PREFIXED);
    if (deniedNames.has(WILDCARD)) return false;
    const allowedNames = patternsOf(Permissions.ALLOW, PatternTypes.LITERAL);
    if (allowedNames.has(WILDCARD)) return true;
    const lengths = new Set([...deniedPrefixes].map(({ length }) => length));
    const isDeniedByPrefix = (pattern: string) => [...lengths].some((length) => deniedPrefixes.has(pattern.slice(0, length)));
    return (
      [...allowedNames].some((name) => !deniedNames.has(name) && !isDeniedByPrefix(name)) ||
      [...patternsOf(Permissions.ALLOW, PatternTypes.PREFIXED)].some((prefix) => !isDeniedByPrefix(prefix))
    );
  }

  #ofType(resourceType: number): TypeIndex {
    const known = this.#types.get(resourceType);
    if (known !== undefined) return known;
    const made = new TypeIndex(this.#rules.filter((rule) => rule.resourceType === resourceType));
    this.#types.set(resourceType, made);
    return made;
  }
}

/** The rules about one type of resource. */
class TypeIndex {
  readonly #literal = new Map<string, Acl[]>();
  readonly #prefixed = new Map<string, Acl[]>();
  readonly #prefixLengths: readonly number[];

  constructor(rules: readonly Acl[]) {
    for (const rule of rules) {
      const byName = rule.patternType === PatternTypes.PREFIXED ? this.#prefixed : this.#literal;
      const found = byName.get(rule.resourceName);
      if (found === undefined) byName.set(rule.resourceName, [rule]);
      else found.push(rule);
    }
    this.#prefixLengths = [...new Set([...this.#prefixed.keys()].map(({ length }) => length))];
  }

  *about(name: string): Iterable<readonly Acl[]> {
    const none: readonly Acl[] = [];
    yield this.#literal.get(name) ?? none;
    if (name !== WILDCARD) yield this.#literal.get(WILDCARD) ?? none;
    for (const length of this.#prefixLengths) if (length <= name.length) yield this.#prefixed.get(name.slice(0, length)) ?? none;
  }
}

function isAbout(rule: Acl, { principal, host }: Question): boolean {
  return (rule.principal === principal || rule.principal === ANY_PRINCIPAL) && (rule.host === host || rule.host === WILDCARD);
}

function isOf(rule: Acl, operation: number): boolean {
  return rule.operation === operation || rule.operation === AclOperations.ALL;
}

function implies(rule: Acl, operation: number): boolean {
  return isOf(rule, operation) || IMPLYING.get(operation)?.includes(rule.operation) === true;
}

// Access rules as people write them, on the command line and in tests, one sentence each:
//
//   User:alice allow read,describe topic orders*
//   User:* deny delete topic ledger from 10.0.0.7
//   User:admin allow all
//
// PRINCIPAL, allow or deny, OPERATIONS (with commas, or all), the type of RESOURCE and its NAME (exactly that one, a beginning with "*" behind
// it, or "*" for every one), and if wanted where the client comes from. The cluster has no name. Without a resource it is about everything.
// One sentence is as many rules of Kafka's as it has operations and types of resources.

import { isIP } from "node:net";
import { AclOperations, PatternTypes, Permissions, ResourceTypes } from "../../protocol/acl-codes.ts";
import { nearestName } from "../config/nearest-name.ts";
import { type Acl, CLUSTER_NAME, WILDCARD } from "./acls.ts";
import { OPERATIONS, type ResourceTypeName } from "./permission.ts";

/** A sentence that is none; the message says what is wrong and what there is. */
export class MalformedAcl extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedAcl";
  }
}

const EXAMPLE = 'as in "User:alice allow read,describe topic orders*"';
const FORM = "PRINCIPAL allow|deny OPERATIONS RESOURCE NAME";
const OPERATION_CODES = Object.entries(AclOperations).filter(([name]) => name !== "ANY");
const TYPES = Object.keys(OPERATIONS) as ResourceTypeName[];

/** Throws MalformedAcl. */
export function parseAcl(text: string): Acl[] {
  const sentence = text.trim();
  const failed = (message: string) => new MalformedAcl(`"${sentence}": ${message}`);
  const [, principal, permission = "", operations = "", rest = ""] = SENTENCE.exec(sentence) ?? [];
  if (principal === undefined) throw failed(`a rule is written ${FORM}, ${EXAMPLE}`);
  const [, about = "", host = WILDCARD] = FROM.exec(rest) ?? [];
  const [, type, name = ""] = /^(\S+)(?:\s+(.*))?$/.exec(about) ?? [];
  const common = {
    principal: checked(principal, principalFault(principal), failed),
    host: checked(host, hostFault(host), failed),
    permission: permission.toLowerCase() === "allow" ? Permissions.ALLOW : Permissions.DENY,
  };
  const types = type === undefined ? TYPES : [typeNamed(type, failed)];
  return types.flatMap((each) => {
    const pattern = type === undefined ? patternOf(each, each === "CLUSTER" ? "" : WILDCARD, failed) : patternOf(each, name, failed);
    return operationsOn(each, { operations, isAboutAll: type === undefined }, failed).map((operation) => ({
      ...common,
      ...pattern,
      operation,
    }));
  });
}

/** What `odradek.acls` has: a JSON list of sentences. Throws MalformedAcl. */
export function parseAcls(text: string): Acl[] {
  let sentences: unknown;
  try {
    sentences = JSON.parse(text);
  } catch {
    throw new MalformedAcl(`it must be a list in JSON of access rules, ${EXAMPLE.replace("as in ", "as in [")}]`);
  }
  if (!Array.isArray(sentences)) throw new MalformedAcl(`it must be a list of access rules, ${EXAMPLE.replace("as in ", "as in [")}]`);
  return sentences.flatMap((sentence: unknown) => {
    if (typeof sentence !== "string") throw new MalformedAcl(`${JSON.stringify(sentence)} is no access rule: one is a text, ${EXAMPLE}`);
    return parseAcl(sentence);
  });
}

export function printAcls(sentences: readonly string[]): string {
  return JSON.stringify(sentences);
}

/** Names may have spaces in them: the first allow or deny ends that of the principal. */
const SENTENCE = /^(\S.*?)\s+(allow|deny)\s+(\S+)(?:\s+(\S.*))?$/i;
const FROM = /^(.*?)(?:(?:^|\s+)from\s+(\S+))?$/i;

type Failed = (message: string) => MalformedAcl;

function checked(value: string, fault: string | undefined, failed: Failed): string {
  if (fault !== undefined) throw failed(fault);
  return value;
}

function principalFault(principal: string): string | undefined {
  if (/^User:./.test(principal)) return undefined;
  const name = principal.replace(/^[^:]*:/, "");
  return `${principal} is no principal: one is written User:${name === "" ? "alice" : name}, and User:* is everybody`;
}

function hostFault(host: string): string | undefined {
  return host === WILDCARD || isIP(host) !== 0 ? undefined : `from ${host}: where clients come from is an IP address, or * for everywhere`;
}

function typeNamed(word: string, failed: Failed): ResourceTypeName {
  const found = TYPES.find((type) => plain(type) === plain(word));
  if (found === undefined)
    throw failed(`there is no resource ${word}${nearest(word, TYPES.map(shown))}; there are ${TYPES.map(shown).join(", ")}`);
  return found;
}

function patternOf(type: ResourceTypeName, name: string, failed: Failed): Pick<Acl, "resourceType" | "resourceName" | "patternType"> {
  const resourceType = ResourceTypes[type];
  if (type === "CLUSTER") {
    if (name !== "" && name !== CLUSTER_NAME) throw failed(`the cluster has no name, and ${name} stands behind it`);
    return { resourceType, resourceName: CLUSTER_NAME, patternType: PatternTypes.LITERAL };
  }
  if (name === "") throw failed(`which ${shown(type)}? Name one (orders), all that begin alike (orders*), or every one (*)`);
  if (type === "USER" && name !== WILDCARD && !name.startsWith("User:")) throw failed(`${name} is no user: one is written User:${name}`);
  if (name === WILDCARD || !name.endsWith("*")) return { resourceType, resourceName: name, patternType: PatternTypes.LITERAL };
  return { resourceType, resourceName: name.slice(0, -1), patternType: PatternTypes.PREFIXED };
}

interface Asked {
  readonly operations: string;
  /** About everything: not all operations are there for all types. */
  readonly isAboutAll: boolean;
}

/** By their codes. */
function operationsOn(type: ResourceTypeName, { operations, isAboutAll }: Asked, failed: Failed): number[] {
  const here: readonly string[] = ["ALL", ...OPERATIONS[type]];
  const there = () => here.map(shown).join(", ");
  const wanted = operations.split(",").map((word) => {
    const found = OPERATION_CODES.find(([name]) => plain(name) === plain(word));
    if (found === undefined)
      throw failed(
        `there is no operation ${word === "" ? '""' : word}${nearest(word, here.map(shown))}; on a ${shown(type)} there are ${there()}`,
      );
    if (!here.includes(found[0]) && !isAboutAll) throw failed(`a ${shown(type)} has no operation ${shown(found[0])}; there are ${there()}`);
    return found;
  });
  return [...new Map(wanted)].filter(([name]) => here.includes(name)).map(([, code]) => code);
}

/** "DESCRIBE_CONFIGS", "describe-configs" and Kafka's own "DescribeConfigs" are one. */
function plain(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}

function shown(name: string): string {
  return name.replaceAll("_", "-").toLowerCase();
}

function nearest(word: string, names: readonly string[]): string {
  const found = nearestName(word.toLowerCase(), names);
  return found === undefined ? "" : ` (did you mean ${found}?)`;
}

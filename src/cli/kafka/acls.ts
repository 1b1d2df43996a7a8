// `kafka-acls`: print, add and remove access rules.

import { AclOperations, PatternTypes, Permissions, ResourceTypes } from "../../../protocol/acl-codes.ts";
import {
  type AclEntry,
  type AclFilter,
  type AclPattern,
  addAcls,
  listAcls,
  nameIn,
  type ResourceAcls,
  removeAcls,
} from "../../client/admin/acls.ts";
import type { Brokers } from "../../client/brokers.ts";
import { CommandError } from "../command-error.ts";
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine } from "./java-error.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

type ResourceName = keyof typeof ResourceTypes;
type OperationName = keyof typeof AclOperations;

const RESOURCES = [
  ["topic", "TOPIC"],
  ["group", "GROUP"],
  ["cluster", "CLUSTER"],
  ["transactional-id", "TRANSACTIONAL_ID"],
  ["delegation-token", "DELEGATION_TOKEN"],
  ["user-principal", "USER"],
] as const;
const CLUSTER_NAME = "kafka-cluster";

/** What may be done to each, in the order in which complaints name it. */
const OPERATIONS: { readonly [resource in Exclude<ResourceName, "ANY">]: readonly OperationName[] } = {
  TOPIC: ["READ", "ALTER", "DELETE", "DESCRIBE_CONFIGS", "WRITE", "ALTER_CONFIGS", "CREATE", "DESCRIBE", "ALL"],
  GROUP: ["READ", "DELETE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "DESCRIBE", "ALL"],
  CLUSTER: ["CREATE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "ALTER", "DESCRIBE", "ALL"],
  TRANSACTIONAL_ID: ["DESCRIBE", "WRITE", "TWO_PHASE_COMMIT", "ALL"],
  DELEGATION_TOKEN: ["DESCRIBE", "ALL"],
  USER: ["CREATE_TOKENS", "DESCRIBE_TOKENS", "ALL"],
};

export const kafkaAcls: Tool = {
  purpose: "Print, add and remove access rules.",
  flags: [
    BOOTSTRAP_SERVER,
    BOOTSTRAP_CONTROLLER,
    COMMAND_CONFIG,
    { name: "list", help: "print rules" },
    { name: "add", help: "add rules" },
    { name: "remove", help: "remove rules" },
    { name: "topic", value: "name", help: "rules of this topic; * for all" },
    { name: "group", value: "name", help: "rules of this group" },
    { name: "cluster", help: "rules of the cluster" },
    { name: "transactional-id", value: "id", help: "rules of this transactional id" },
    { name: "delegation-token", value: "id", help: "rules of this token" },
    { name: "user-principal", value: "principal", help: "rules about this user" },
    { name: "resource-pattern-type", value: "type", help: "literal (default), prefixed; to list and remove also any, match" },
    { name: "operation", value: "name", help: "what is allowed or denied; All by default; repeatable" },
    { name: "allow-principal", value: "User:name", help: "who is allowed; repeatable" },
    { name: "deny-principal", value: "User:name", help: "who is denied; repeatable" },
    { name: "allow-host", value: "address", help: "from where it is allowed; * by default" },
    { name: "deny-host", value: "address", help: "from where it is denied; * by default" },
    { name: "principal", value: "User:name", isValueOptional: true, help: "with --list: rules of this principal; repeatable" },
    { name: "producer", help: "what a producer needs: Write, Describe and Create on the topic" },
    { name: "consumer", help: "what a consumer needs: Read and Describe on the topic, Read on the group" },
    { name: "idempotent", help: "with --producer: what an idempotent one needs" },
    { name: "force", help: "do not ask" },
  ],
  run: (flags, io) => {
    checkFlags(flags);
    return withBrokers(flags, async (brokers) => {
      if (flags.has("add")) await add(brokers, flags, io);
      else if (flags.has("remove")) await remove(brokers, flags, io);
      else await list(brokers, flags, io);
      return 0;
    });
  },
  failed: (error, io) => {
    io.out(`Error while executing ACL command: ${javaLine(error)}`);
    return 1;
  },
};

function checkFlags(flags: Flags): void {
  const given = flags.countOf(["bootstrap-server", "bootstrap-controller"]);
  if (given > 1) throw new FlagError("Only one of --bootstrap-server or --bootstrap-controller must be specified");
  if (given === 0 && flags.countOf(["list", "add", "remove"]) === 1)
    throw new FlagError("One of --bootstrap-server or --bootstrap-controller must be specified");
  if (flags.countOf(["list", "add", "remove"]) !== 1)
    throw new FlagError("Command must include exactly one action: --list, --add, --remove. ");
  for (const other of ["producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"])
    flags.refuseWith(other, ["list"]);
  for (const other of ["operation", "deny-principal", "deny-host"]) flags.refuseWith(other, ["producer", "consumer"]);
  if (flags.has("producer") && !flags.has("topic")) throw new FlagError("With --producer you must specify a --topic");
  if (flags.has("idempotent") && !flags.has("producer"))
    throw new FlagError("The --idempotent option is only available if --producer is set");
  const isConsumerComplete =
    flags.has("topic") && flags.has("group") && (flags.has("producer") || !(flags.has("cluster") || flags.has("transactional-id")));
  if (flags.has("consumer") && !isConsumerComplete)
    throw new FlagError(
      "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.",
    );
}

function patternType(flags: Flags): number {
  const text = flags.get("resource-pattern-type") ?? "literal";
  const type = Object.entries(PatternTypes).find(([name]) => name === text.toUpperCase())?.[1];
  if (type === undefined) throw new CommandError(`Cannot parse argument '${text}' of option resource-pattern-type`);
  return type;
}

function patterns(flags: Flags): AclPattern[] {
  const type = patternType(flags);
  return RESOURCES.flatMap(([flag, resource]) => {
    const resourceType = ResourceTypes[resource];
    if (resource === "CLUSTER") return flags.has(flag) ? [{ resourceType, name: CLUSTER_NAME, patternType: PatternTypes.LITERAL }] : [];
    return flags.all(flag).map((name) => ({ resourceType, name: name.trim(), patternType: type }));
  });
}

async function add(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const type = patternType(flags);
  if (type === PatternTypes.ANY || type === PatternTypes.MATCH)
    throw new FlagError(`A '--resource-pattern-type' value of '${nameIn(PatternTypes, type)}' is not valid when adding acls.`);
  const rules = wantedRules(flags);
  for (const [pattern, wanted] of rules) {
    if (wanted.length === 0) throw new FlagError("You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.");
    const known = await knownEntries(brokers, pattern);
    for (const entry of wanted.filter((one) => known.has(entryText(one))))
      io.out(`Acl (pattern=${patternText(pattern)}, entry=${entryText(entry)}) already exists.`);
    const entries = wanted.filter((one) => !known.has(entryText(one)));
    if (entries.length === 0) continue;
    io.out(`Adding ACLs for resource \`${patternText(pattern)}\`: \n ${entries.map(entryLine).join("\n")}\n`);
    await addAcls(brokers, pattern, entries);
  }
}

async function knownEntries(brokers: Brokers, pattern: AclPattern): Promise<ReadonlySet<string>> {
  const found = await listAcls(brokers, { ...pattern, entry: null });
  return new Set(found.flatMap(({ entries }) => entries.map(entryText)));
}

async function remove(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  for (const [pattern, entries] of wantedRules(flags)) {
    const text = patternText(pattern);
    const question =
      entries.length === 0
        ? `Are you sure you want to delete all ACLs for resource filter \`${text}\`? (y/n)`
        : `Are you sure you want to remove ACLs: \n ${entries.map(entryLine).join("\n")} \n from resource filter \`${text}\`? (y/n)`;
    if (!flags.has("force") && !(await isConfirmed(question, io))) continue;
    const filter = { resourceType: pattern.resourceType, name: pattern.name, patternType: pattern.patternType };
    const filters: AclFilter[] = entries.length === 0 ? [{ ...filter, entry: null }] : entries.map((entry) => ({ ...filter, entry }));
    await removeAcls(brokers, filters);
  }
}

async function isConfirmed(question: string, { terminal, out }: Io): Promise<boolean> {
  out(question);
  const { createInterface } = await import("node:readline");
  for await (const line of createInterface({ input: terminal.stdin })) return line.trim().toLowerCase() === "y";
  return false;
}

async function list(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const wanted = patterns(flags);
  const filters: AclFilter[] =
    wanted.length === 0
      ? [
          {
            resourceType: ResourceTypes.ANY,
            name: null,
            patternType: flags.has("resource-pattern-type") ? patternType(flags) : PatternTypes.ANY,
            entry: null,
          },
        ]
      : wanted.map((pattern) => ({ ...pattern, entry: null }));
  const found: ResourceAcls[] = [];
  for (const filter of filters) found.push(...(await listAcls(brokers, filter)));
  const principals = flags.all("principal");
  if (principals.length === 0) for (const resource of found) printResource(resource, io);
  for (const principal of principals) {
    io.out(`ACLs for principal \`${principal}\``);
    for (const resource of found) {
      const entries = resource.entries.filter((entry) => entry.principal === principal);
      if (entries.length > 0) printResource({ ...resource, entries }, io);
    }
  }
}

function printResource(resource: ResourceAcls, io: Io): void {
  io.out(`Current ACLs for resource \`${patternText(resource)}\`:\n${resource.entries.map(entryLine).join("\n")}\n`);
}

type Rules = readonly (readonly [AclPattern, readonly AclEntry[]])[];

/** Of a plain command, or of the shorthands for producers and consumers. */
function wantedRules(flags: Flags): Rules {
  const isShort = flags.has("producer") || flags.has("consumer");
  const all = patterns(flags);
  if (all.length === 0)
    throw new FlagError(
      "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>",
    );
  if (!isShort) {
    const operations = flags.all("operation").length === 0 ? ["All"] : flags.all("operation");
    const numbers = operations.map(operationNumber);
    for (const { resourceType } of all) checkOperations(resourceType, numbers);
    return all.map((pattern) => [pattern, entriesFor(flags, numbers)]);
  }
  const rules = new Map<string, { readonly pattern: AclPattern; readonly operations: Set<number> }>();
  const grant = (pattern: AclPattern, operations: readonly OperationName[]) => {
    const known = rules.get(patternText(pattern)) ?? { pattern, operations: new Set<number>() };
    for (const operation of operations) known.operations.add(AclOperations[operation]);
    rules.set(patternText(pattern), known);
  };
  const ofType = (type: number) => all.filter(({ resourceType }) => resourceType === type);
  if (flags.has("producer")) {
    for (const pattern of ofType(ResourceTypes.TRANSACTIONAL_ID)) grant(pattern, ["DESCRIBE", "WRITE"]);
    for (const pattern of ofType(ResourceTypes.TOPIC)) grant(pattern, ["DESCRIBE", "CREATE", "WRITE"]);
    const cluster = { resourceType: ResourceTypes.CLUSTER, name: CLUSTER_NAME, patternType: PatternTypes.LITERAL };
    if (flags.has("idempotent")) grant(cluster, ["IDEMPOTENT_WRITE"]);
  }
  if (flags.has("consumer")) {
    for (const pattern of ofType(ResourceTypes.TOPIC)) grant(pattern, ["DESCRIBE", "READ"]);
    for (const pattern of ofType(ResourceTypes.GROUP)) grant(pattern, ["READ"]);
  }
  return [...rules.values()].map(({ pattern, operations }) => [pattern, entriesFor(flags, [...operations])]);
}

function entriesFor(flags: Flags, operations: readonly number[]): AclEntry[] {
  const sides = [
    { principals: "allow-principal", hosts: "allow-host", permission: Permissions.ALLOW },
    { principals: "deny-principal", hosts: "deny-host", permission: Permissions.DENY },
  ] as const;
  return sides.flatMap(({ principals, hosts, permission }) => {
    const from = flags.all(hosts).length === 0 ? ["*"] : flags.all(hosts);
    return flags.all(principals).flatMap((principal) => {
      if (!/^[^:]+:./.test(principal))
        throw new CommandError(`expected a string in format principalType:principalName but got ${principal}`);
      return from.flatMap((host) =>
        operations.map((operation) => ({ principal: principal.trim(), host: host.trim(), operation, permission })),
      );
    });
  });
}

function operationNumber(text: string): number {
  const wanted = text.trim().replaceAll("_", "").toUpperCase();
  return Object.entries(AclOperations).find(([name]) => name.replaceAll("_", "") === wanted)?.[1] ?? 0;
}

function checkOperations(resourceType: number, operations: readonly number[]): void {
  const [resource, allowed] =
    Object.entries(OPERATIONS).find(([name]) =>
      Object.entries(ResourceTypes).some(([known, number]) => known === name && number === resourceType),
    ) ?? [];
  if (resource === undefined || allowed === undefined) return;
  const numbers = new Set<number>(allowed.map((name) => AclOperations[name]));
  if (operations.some((operation) => !numbers.has(operation)))
    throw new FlagError(`ResourceType ${resource} only supports operations [${allowed.join(", ")}]`);
}

function patternText({ resourceType, name, patternType: type }: AclPattern): string {
  return `ResourcePattern(resourceType=${nameIn(ResourceTypes, resourceType)}, name=${name}, patternType=${nameIn(PatternTypes, type)})`;
}

function entryLine(entry: AclEntry): string {
  return `\t${entryText(entry)}`;
}

function entryText({ principal, host, operation, permission }: AclEntry): string {
  return `(principal=${principal}, host=${host}, operation=${nameIn(AclOperations, operation)}, permissionType=${nameIn(Permissions, permission)})`;
}

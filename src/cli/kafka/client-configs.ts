// `kafka-configs` for users, client ids and addresses: quotas, and SCRAM credentials of users.

import { alterQuotas, describeQuotas, type QuotaEntityType } from "../../client/admin/quotas.ts";
import { alterScram, describeScram, isScramMechanism, type ScramChanges, type ScramMechanism } from "../../client/admin/scram.ts";
import type { Brokers } from "../../client/brokers.ts";
import { type Changes, completedLine } from "./config-changes.ts";
import type { ConfigEntity, EntityType } from "./config-entities.ts";
import { FlagError } from "./flags.ts";
import { parseScram } from "./scram-text.ts";
import type { Io } from "./tool.ts";

const QUOTA_TYPES: { readonly [type: string]: QuotaEntityType } = { users: "user", clients: "client-id", ips: "ip" };
const PRINTED: { readonly [type: string]: string } = { user: "user-principal", "client-id": "client-id", ip: "ip" };
const QUOTAS = {
  users: ["consumer_byte_rate", "producer_byte_rate", "request_percentage", "controller_mutation_rate"],
  clients: ["consumer_byte_rate", "producer_byte_rate", "request_percentage", "controller_mutation_rate"],
  ips: ["connection_creation_rate"],
} as const;

export async function describeClients(brokers: Brokers, entities: readonly ConfigEntity[], io: Io): Promise<void> {
  const parts = entities.map(({ type, name }) => ({ type: QUOTA_TYPES[type] ?? "user", name }));
  for (const { entity, values } of await describeQuotas(brokers, parts)) {
    const names = parts.map(({ type }) => entityText(type, entity.get(type) ?? null));
    const quotas = [...values].map(([key, value]) => `${key}=${javaDouble(value)}`);
    io.out(`Quota configs for ${names.join(", ")} are ${quotas.join(", ")}`);
  }
  const [first] = entities;
  if (entities.length !== 1 || first?.type !== "users" || first.name === null) return;
  const credentials = await describeScram(brokers, first.name === undefined ? null : [first.name]);
  for (const [user, ofUser] of Map.groupBy(credentials, (credential) => credential.user)) {
    const texts = ofUser.map(({ mechanism, iterations }) => `${mechanism}=iterations=${iterations}`);
    io.out(`SCRAM credential configs for user-principal '${user}' are ${texts.join(", ")}`);
  }
}

export async function alterClients(
  brokers: Brokers,
  entities: readonly ConfigEntity[],
  { added, deleted, io }: Changes & { readonly io: Io },
): Promise<void> {
  const last = entities.at(-1);
  if (last === undefined) return;
  const { type } = last;
  refuseUnknown(type, added, deleted);
  const scram = scramChanges(entities, added, deleted);
  if (scram.upserts.length > 0 || scram.deletions.length > 0) {
    const hasQuotas = [...added.keys(), ...deleted].some((name) => !isScramMechanism(name));
    if (hasQuotas)
      throw new FlagError("Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.", {
        isTerse: true,
      });
    await alterScram(brokers, scram);
  } else {
    const changes = new Map<string, number | undefined>(deleted.map((name) => [name, undefined]));
    for (const [name, text] of added) {
      const value = Number(text);
      if (text === "" || Number.isNaN(value))
        throw new FlagError(`Cannot parse quota configuration value for ${name}: ${text}`, { isTerse: true });
      changes.set(name, value);
    }
    await alterQuotas(brokers, new Map(entities.map(({ type: one, name }) => [QUOTA_TYPES[one] ?? "user", name ?? null])), changes);
  }
  io.out(completedLine(type, last.name ?? null));
}

function refuseUnknown(type: EntityType, added: ReadonlyMap<string, string>, deleted: readonly string[]): void {
  const quotas: readonly string[] = type === "users" ? QUOTAS.users : type === "clients" ? QUOTAS.clients : QUOTAS.ips;
  const isKnown = (name: string) => quotas.includes(name) || (type === "users" && isScramMechanism(name));
  const kinds = type === "users" ? "quota and SCRAM credential" : type === "ips" ? "connection quota" : "quota";
  const complain = (verb: string, names: string) =>
    new FlagError(`Only ${kinds} configs can be ${verb} for '${type}' using --bootstrap-server. Unexpected config names: ${names}`, {
      isTerse: true,
    });
  const wrong = [...added.keys()].filter((name) => !isKnown(name));
  if (wrong.length > 0) throw complain("added", `Set(${wrong.join(", ")})`);
  const wrongDeleted = deleted.filter((name) => !isKnown(name));
  if (wrongDeleted.length > 0) throw complain("deleted", `ArrayBuffer(${wrongDeleted.join(", ")})`);
}

function scramChanges(entities: readonly ConfigEntity[], added: ReadonlyMap<string, string>, deleted: readonly string[]): ScramChanges {
  const user = entities.length === 1 && entities[0]?.type === "users" ? entities[0].name : undefined;
  const mechanisms = [...added].filter((entry): entry is [ScramMechanism, string] => isScramMechanism(entry[0]));
  const deletions = deleted.filter(isScramMechanism);
  if (typeof user !== "string") return { upserts: [], deletions: [] };
  return {
    upserts: mechanisms.map(([mechanism, text]) => ({ user, mechanism, ...parseScram(mechanism, text) })),
    deletions: deletions.map((mechanism) => ({ user, mechanism })),
  };
}

function entityText(type: QuotaEntityType, name: string | null): string {
  const printed = PRINTED[type] ?? type;
  return name === null ? `the default ${printed}` : `${printed} '${name}'`;
}

/** As Java prints a double. */
function javaDouble(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return value.toFixed(1);
  if (Math.abs(value) < 1e7 && Math.abs(value) >= 1e-3) return `${value}`;
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}

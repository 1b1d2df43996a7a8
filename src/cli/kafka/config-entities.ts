// The entities of `kafka-configs`: a type and a name each, given as `--entity-type users --entity-name alice` or, shorter, as `--user alice`.

import { isIP } from "node:net";
import { FlagError, type Flags } from "./flags.ts";

export const ENTITY_TYPES = ["topics", "clients", "users", "brokers", "ips", "client-metrics", "groups", "broker-loggers"] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

const SHORT: { readonly [flag: string]: EntityType } = {
  topic: "topics",
  client: "clients",
  user: "users",
  broker: "brokers",
  "broker-logger": "broker-loggers",
  ip: "ips",
  "client-metrics": "client-metrics",
  group: "groups",
};
const SHORT_DEFAULTS: { readonly [flag: string]: EntityType } = {
  "client-defaults": "clients",
  "user-defaults": "users",
  "broker-defaults": "brokers",
  "ip-defaults": "ips",
};
const WITH_DEFAULTS: readonly EntityType[] = ["clients", "users", "brokers", "ips"];

export interface ConfigEntity {
  readonly type: EntityType;
  /** null: the defaults of the type; undefined: all of the type. */
  readonly name: string | null | undefined;
}

/** In the order in which they were given. Raises FlagError. */
export function configEntities(flags: Flags, argv: readonly string[]): ConfigEntity[] {
  const types = flags.all("entity-type").map(entityType);
  const shorts = Object.entries(SHORT).filter(([flag]) => flags.has(flag));
  const defaults = Object.entries(SHORT_DEFAULTS).filter(([flag]) => flags.has(flag));
  if (types.length === 0 && shorts.length === 0 && defaults.length === 0)
    throw new FlagError("At least one entity type must be specified", { isTerse: true });
  const all = [...types, ...shorts.map(([, type]) => type), ...defaults.map(([, type]) => type)];
  const twice = all.filter((type, index) => all.indexOf(type) !== index);
  if (twice.length > 0) throw new FlagError(`Duplicate entity type(s) specified: ${twice.join(",")}`, { isTerse: true });
  const names = givenNames(argv);
  if (all.length > 1 && all.some((type) => type !== "users" && type !== "clients"))
    throw new FlagError("Only 'users' and 'clients' entity types may be specified together", { isTerse: true });
  if (flags.has("alter") && names.length > types.length)
    throw new FlagError("An entity name must be specified for every entity type", { isTerse: true });
  const entities = [
    ...types.map((type, index) => ({ type, name: names[index] })),
    ...shorts.map(([flag, type]) => ({ type, name: flags.get(flag) })),
    ...defaults.map(([, type]) => ({ type, name: null })),
  ];
  for (const entity of entities) checkEntity(entity, flags);
  return entities.toSorted((one, other) => order(one.type) - order(other.type));
}

/** Users before clients, which is how their quotas are named. */
function order(type: EntityType): number {
  return type === "users" ? 0 : 1;
}

function entityType(text: string): EntityType {
  const type = ENTITY_TYPES.find((known) => known === text);
  if (type !== undefined) return type;
  throw new FlagError(
    `Invalid entity type ${text}, the entity type must be one of ${ENTITY_TYPES.join(", ")} with a --bootstrap-server or --bootstrap-controller argument`,
    { isTerse: true },
  );
}

/** `--entity-name` and `--entity-default` belong to the types in their order. */
function givenNames(argv: readonly string[]): (string | null)[] {
  return argv.flatMap((word, index) => {
    if (word === "--entity-default") return [null];
    if (word === "--entity-name") return [argv[index + 1] ?? ""];
    return word.startsWith("--entity-name=") ? [word.slice("--entity-name=".length)] : [];
  });
}

function checkEntity({ type, name }: ConfigEntity, flags: Flags): void {
  const isDescribing = flags.has("describe");
  if (name === null && !WITH_DEFAULTS.includes(type))
    throw new FlagError(`--entity-default must not be specified with --${isDescribing ? "describe" : "alter"} of ${type}`, {
      isTerse: true,
    });
  if (!isDescribing && name === undefined)
    throw new FlagError(`An entity name must be specified with --alter of ${type}`, { isTerse: true });
  if (typeof name !== "string" || name === "") return;
  if ((type === "brokers" || type === "broker-loggers") && !/^\d+$/.test(name))
    throw new FlagError(`The entity name for ${type} must be a valid integer broker id, but it is: ${name}`, { isTerse: true });
  if (type === "ips" && isIP(name) === 0)
    throw new FlagError(`The entity name for ips must be a valid IP or resolvable host, but it is: ${name}`, { isTerse: true });
}

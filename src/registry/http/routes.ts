// The endpoints: for each what it asks of the registry, and what it answers.

import { RegistryError } from "../errors.ts";
import { SCHEMA_TYPES } from "../formats.ts";
import { guidOf } from "../identity.ts";
import type { SchemaVersion } from "../records.ts";
import type { SchemaRegistry } from "../registry.ts";
import { canonicalSubject, contextOf } from "../subject.ts";
import { hasRule, readConfig, readMode, readRegistration, registeredBody, schemaBody, schemaString, type Telling } from "./bodies.ts";
import { idOf, type Query, versionOf } from "./parameters.ts";

/** A call of one endpoint. */
export interface Call extends Telling {
  readonly registry: SchemaRegistry;
  readonly query: Query;
  readonly body: string;
  /** What stands in a place of the path, decoded. */
  at(name: string): string;
}

/** An answer of another kind than JSON with status 200. */
export class PlainAnswer {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    this.status = status;
    this.body = body;
  }
}

type Handler = (call: Call) => unknown;

/** What who asks must be allowed to do with the topic of the registry. */
export type Need = "nothing" | "READ" | "WRITE";

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly need: Need;
  readonly handler: Handler;
}

/** `:name` is one part of the path. */
export const ROUTES: readonly Route[] = [
  route("GET", "/", () => ({}), "nothing"),
  route("POST", "/", () => ({}), "nothing"),
  route("GET", "/schemas/types", () => SCHEMA_TYPES, "nothing"),
  route("GET", "/schemas", schemas),
  route("GET", "/schemas/ids/:id", schemaById),
  route("GET", "/schemas/ids/:id/schema", async (call) => new PlainAnswer(200, await textOf(call, byId(call)))),
  route("GET", "/schemas/ids/:id/subjects", ({ query, ...call }) =>
    query.page([...new Set(uses({ ...call, query }).map(({ subject }) => subject))]),
  ),
  route("GET", "/schemas/ids/:id/versions", ({ query, ...call }) =>
    query.page(uses({ ...call, query }).map(({ subject, version }) => ({ subject, version }))),
  ),
  route("GET", "/schemas/guids/:guid", async (call) => {
    const version = call.registry.queries.byGuid(call.at("guid"));
    return schemaString(version, await textOf(call, version), call);
  }),
  route("GET", "/schemas/guids/:guid/ids", ({ registry, at }) => registry.queries.idsOfGuid(at("guid"))),
  route("GET", "/subjects", ({ registry, query }) => {
    const prefix = query.has("subjectPrefix") ? query.text("subjectPrefix") : ":*:";
    return query.page(registry.queries.subjects(prefix, query.which()));
  }),
  route("POST", "/subjects/:subject", lookUp),
  change("DELETE", "/subjects/:subject", ({ registry, query, at }) =>
    registry.deletions.subject(canonicalSubject(at("subject")), query.flag("permanent")),
  ),
  route("GET", "/subjects/:subject/versions", ({ registry, query, at }) => {
    const versions = registry.queries.someVersions(registry.queries.resolved(at("subject")), query.which());
    return query.page(versions.map(({ version }) => version));
  }),
  change("POST", "/subjects/:subject/versions", register),
  route("GET", "/subjects/:subject/metadata", byMetadata),
  route("GET", "/subjects/:subject/versions/:version", async (call) => {
    const version = versionIn(call);
    return schemaBody(version, await textOf(call, version), call);
  }),
  change("DELETE", "/subjects/:subject/versions/:version", ({ registry, query, at }) =>
    registry.deletions.version(canonicalSubject(at("subject")), versionOf(at("version")), query.flag("permanent")),
  ),
  route("GET", "/subjects/:subject/versions/:version/schema", async (call) => new PlainAnswer(200, await textOf(call, versionIn(call)))),
  route("GET", "/subjects/:subject/versions/:version/referencedby", ({ registry, query, at }) => {
    const version = registry.queries.version(registry.queries.resolved(at("subject")), versionOf(at("version")), "all");
    return query.page(registry.queries.referencedBy(version, query.which()));
  }),
  route("POST", "/compatibility/subjects/:subject/versions/:version", compatibleWithVersion),
  route("POST", "/compatibility/subjects/:subject/versions", async ({ registry, query, body, at }) => {
    const messages = await registry.registrations.messages(
      canonicalSubject(at("subject")),
      readRegistration(body),
      query.flag("normalize"),
    );
    return verdict(messages, query);
  }),
  ...["", "/:subject"].flatMap((part) => [
    route("GET", `/config${part}`, ({ registry, query, ...call }) =>
      registry.settings.config(subjectOf(call), query.flag("defaultToGlobal")),
    ),
    change("PUT", `/config${part}`, async ({ registry, body, ...call }) => {
      const update = readConfig(body);
      await registry.settings.updateConfig(subjectOf(call), update);
      return update;
    }),
    change("DELETE", `/config${part}`, ({ registry, ...call }) => registry.settings.deleteConfig(subjectOf(call))),
    route("GET", `/mode${part}`, ({ registry, query, ...call }) => ({
      mode: registry.settings.mode(subjectOf(call), query.flag("defaultToGlobal")),
    })),
    change("PUT", `/mode${part}`, async ({ registry, query, body, ...call }) => {
      const mode = readMode(body);
      await registry.settings.updateMode(subjectOf(call), mode, query.flag("force"));
      return { mode };
    }),
    change("DELETE", `/mode${part}`, async ({ registry, query, ...call }) => ({
      mode: await registry.settings.deleteMode(subjectOf(call), query.flag("recursive")),
    })),
  ]),
  route("GET", "/contexts", ({ registry, query }) => query.page(registry.queries.contexts(query.text("contextPrefix")))),
  change("DELETE", "/contexts/:context", async ({ registry, at }) => {
    const context = contextOf(at("context"));
    if (context === undefined) throw new RegistryError(400, `Invalid context: ${at("context")}`);
    await registry.deleteContext(context);
    return new PlainAnswer(204, "");
  }),
  route("GET", "/v1/metadata/id", () => ({ scope: { path: [], clusters: {} }, id: "" }), "nothing"),
  route("GET", "/v1/metadata/version", () => ({ version: "", commitId: "" }), "nothing"),
  route("GET", "/v1/metadata/deployment", () => ({ attributes: [] }), "nothing"),
];

function route(method: string, path: string, handler: Handler, need: Need = "READ"): Route {
  return { method, path, need, handler };
}

/** While it is done, nothing else changes. */
function change(method: string, path: string, handler: Handler): Route {
  return { method, path, need: "WRITE", handler: (call) => call.registry.exclusively(() => handler(call)) };
}

function schemas({ registry, query, ...call }: Call) {
  const prefix = query.has("subjectPrefix") ? query.text("subjectPrefix") : ":*:";
  const aliases = query.flag("aliases");
  const found = registry.queries.schemas(prefix, query.which(), { latestOnly: query.flag("latestOnly"), aliases });
  const ruleType = query.text("ruleType");
  const wanted = ruleType === "" ? found : found.filter(({ ruleSet }) => hasRule(ruleSet, ruleType));
  return query.page(wanted).map((version) => {
    const names = aliases ? registry.queries.aliasesOf(version.subject) : [];
    return { ...schemaBody(version, version.schema, call), ...(names.length > 0 ? { aliases: names } : {}) };
  });
}

async function schemaById(call: Call) {
  const version = byId(call);
  const { query, registry } = call;
  const maxId = query.flag("fetchMaxId") ? { maxId: registry.queries.highestId(version.subject) } : {};
  return { ...schemaString(version, await textOf(call, version), call), ...maxId };
}

async function lookUp(call: Call) {
  const { registry, query, body, at } = call;
  const options = { normalize: query.flag("normalize"), deleted: query.flag("deleted") };
  const version = await registry.registrations.lookUp(registry.queries.resolved(at("subject")), readRegistration(body), options);
  return schemaBody(version, await textOf(call, version), call);
}

async function register(call: Call) {
  const { registry, query, body, at } = call;
  const request = readRegistration(body);
  const subject = registry.settings.aliased(canonicalSubject(at("subject")));
  const { version, isTold } = await registry.registrations.register(subject, request, query.flag("normalize"));
  if (isTold) return registeredBody(version, await textOf(call, version), call);
  // Not the text: clients keep it as that of the id, in whatever form they ask for it later.
  return { id: version.id, ...(call.unknownProperties ? { version: version.version, guid: guidOf(version) } : {}) };
}

async function byMetadata(call: Call) {
  const { registry, query, at } = call;
  const values = query.all("value");
  const properties = new Map(query.all("key").map((key, index) => [key, values[index] ?? ""]));
  const version = registry.queries.byMetadata(registry.queries.resolved(at("subject")), properties, query.liveOrAll());
  return schemaBody(version, await textOf(call, version), call);
}

/** With the latest version of a subject that has none everything is compatible. */
async function compatibleWithVersion({ registry, query, body, at }: Call) {
  const subject = canonicalSubject(at("subject"));
  const number = versionOf(at("version"));
  const request = readRegistration(body);
  const live = registry.queries.versions(subject, "live");
  const version = number === undefined ? live.at(-1) : live.find((one) => one.version === number);
  if (version === undefined && number !== undefined) throw new RegistryError(40402, `Version ${number} not found.`);
  return verdict(await registry.registrations.messages(subject, request, query.flag("normalize"), version), query);
}

function verdict(messages: readonly string[], query: Query) {
  return { is_compatible: messages.length === 0, ...(query.flag("verbose") ? { messages } : {}) };
}

function byId({ registry, query, at }: Call): SchemaVersion {
  return registry.queries.byId(idOf(at("id")), query.text("subject"));
}

/** The subject in the query tells where the id is looked for, and filters nothing. */
function uses({ registry, query, at }: Call): readonly SchemaVersion[] {
  return registry.queries.uses(idOf(at("id")), query.text("subject"), query.which());
}

function versionIn({ registry, query, at }: Call): SchemaVersion {
  return registry.queries.version(registry.queries.resolved(at("subject")), versionOf(at("version")), query.liveOrAll());
}

function textOf({ registry, query }: Call, version: SchemaVersion): Promise<string> {
  return registry.textOf(version, query.text("format"));
}

/** Whose settings are meant: null for those of all. */
function subjectOf({ at }: Pick<Call, "at">): string | null {
  const subject = at("subject");
  return subject === "" || subject === ":.:" || subject === ":.__GLOBAL:" ? null : canonicalSubject(subject);
}

// The drafts of JSON Schema, each with its meta-schema, by which Ajv tells whether a schema is one. Ajv has those of drafts 6 to 2020-12; that of draft 4
// is the one of draft 7 with the two differences that matter to a schema that somebody wrote: exclusive bounds are flags, `$id` is `id`.

import { createRequire } from "node:module";
import type { JsonObject } from "./document.ts";

export interface MetaSchemas {
  /** What is wrong with a schema by its draft; `undefined` if nothing. */
  complaint(schema: JsonObject | boolean): string | undefined;
}

const DRAFTS: { readonly [uri: string]: "4" | "6" | "7" | "2019" | "2020" } = {
  "http://json-schema.org/draft-04/schema": "4",
  "http://json-schema.org/draft-06/schema": "6",
  "http://json-schema.org/draft-07/schema": "7",
  "https://json-schema.org/draft/2019-09/schema": "2019",
  "https://json-schema.org/draft/2020-12/schema": "2020",
};

const require = createRequire(import.meta.url);

export async function loadMetaSchemas(): Promise<MetaSchemas> {
  const [{ Ajv }, { Ajv2019 }, { Ajv2020 }] = await Promise.all([import("ajv"), import("ajv/dist/2019.js"), import("ajv/dist/2020.js")]);
  const lenient = { strict: false, validateFormats: false, logger: false } as const;
  const validators = new Map<string, InstanceType<typeof Ajv>>();
  const makers = {
    "4": () => new Ajv({ ...lenient, meta: false }).addMetaSchema(draft4(), "draft"),
    "6": () => new Ajv({ ...lenient, meta: false }).addMetaSchema(require("ajv/dist/refs/json-schema-draft-06.json"), "draft"),
    "7": () => new Ajv(lenient),
    "2019": () => new Ajv2019(lenient),
    "2020": () => new Ajv2020(lenient),
  };
  return {
    complaint: (schema) => {
      const draft = draftOf(schema);
      const validator = validators.get(draft) ?? makers[draft]();
      validators.set(draft, validator);
      const uri = draft === "4" || draft === "6" ? "draft" : validator.defaultMeta();
      if (typeof uri !== "string") return undefined;
      return validator.validate(uri, schema) === true ? undefined : validator.errorsText(validator.errors, { dataVar: "#" });
    },
  };
}

function draftOf(schema: JsonObject | boolean): (typeof DRAFTS)[string] {
  const uri = typeof schema === "object" ? schema["$schema"] : undefined;
  return (typeof uri === "string" ? DRAFTS[uri.replace(/#$/, "")] : undefined) ?? "7";
}

function draft4(): object {
  const draft7: { readonly properties: object } = require("ajv/dist/refs/json-schema-draft-07.json");
  const flag = { type: "boolean" };
  return {
    ...draft7,
    $id: "http://json-schema.org/draft-04/schema#",
    properties: { ...draft7.properties, id: { type: "string" }, exclusiveMaximum: flag, exclusiveMinimum: flag },
  };
}

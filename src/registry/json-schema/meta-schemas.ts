// The drafts of JSON Schema, each with its meta-schema, by which Ajv tells whether a schema is one. Ajv has those of drafts 7 to 2020-12. That of draft 7
// serves for 6, which has fewer keywords, and for 4 with the differences that matter to a schema that somebody wrote: exclusive bounds are flags, `$id` is `id`.

import type { JsonValue } from "../json-text.ts";
import type { Ajv } from "./ajv.ts";
import type { JsonObject } from "./document.ts";
import { identityOf } from "./scalars.ts";

export interface MetaSchemas {
  /** What is wrong with a schema by its draft; `undefined` if nothing. */
  complaint(schema: JsonObject | boolean): string | undefined;
}

const DRAFT_4 = "http://json-schema.org/draft-04/schema";
const DRAFTS: { readonly [uri: string]: "4" | "7" | "2019" | "2020" } = {
  [DRAFT_4]: "4",
  "http://json-schema.org/draft-06/schema": "7",
  "http://json-schema.org/draft-07/schema": "7",
  "https://json-schema.org/draft/2019-09/schema": "2019",
  "https://json-schema.org/draft/2020-12/schema": "2020",
};

export async function loadMetaSchemas(): Promise<MetaSchemas> {
  const { Ajv, Ajv2019, Ajv2020 } = await import("./ajv.ts");
  const options = { strict: false, validateFormats: false, logger: false } as const;
  const validators = new Map<string, InstanceType<typeof Ajv>>();
  const makers = {
    "4": () => withDraft4(new Ajv(options)),
    "7": () => new Ajv(options),
    "2019": () => new Ajv2019(options),
    "2020": () => new Ajv2020(options),
  };
  return {
    complaint: (schema) => {
      const draft = draftOf(schema);
      const validator = validators.get(draft) ?? withQuickUniqueness(makers[draft]());
      validators.set(draft, validator);
      const isValid = validator.validate(draft === "4" ? DRAFT_4 : (validator.defaultMeta() ?? true), schema);
      return isValid ? undefined : validator.errorsText(validator.errors, { dataVar: "#" });
    },
  };
}

/** Ajv compares each item with every other one; schemas of others may have very many. */
function withQuickUniqueness<Validator extends Ajv>(validator: Validator): Validator {
  validator.removeKeyword("uniqueItems");
  validator.addKeyword({
    ...{ keyword: "uniqueItems", type: "array", schemaType: "boolean", error: { message: "must NOT have duplicate items" } },
    validate: (isUnique: boolean, items: readonly JsonValue[]) => !isUnique || new Set(items.map(identityOf)).size === items.length,
  });
  return validator;
}

function withDraft4<Validator extends Ajv>(validator: Validator): Validator {
  const draft7 = validator.getSchema("http://json-schema.org/draft-07/schema")?.schema;
  if (typeof draft7 !== "object") throw new TypeError("Ajv knows draft 7");
  const flag = { type: "boolean" };
  const properties = { ...draft7["properties"], id: { type: "string" }, exclusiveMaximum: flag, exclusiveMinimum: flag };
  validator.addMetaSchema({ ...draft7, $id: DRAFT_4, properties });
  return validator;
}

function draftOf(schema: JsonObject | boolean): (typeof DRAFTS)[string] {
  const uri = typeof schema === "object" ? schema["$schema"] : undefined;
  return (typeof uri === "string" ? DRAFTS[uri.replace(/#$/, "")] : undefined) ?? "7";
}

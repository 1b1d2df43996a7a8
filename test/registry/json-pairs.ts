// JSON Schemas in pairs. The verdict says whether every document that is valid by the one is valid by the other, as far as Confluent's rules decide that from
// the keywords (content models, branches in pairs).

import { type Pair, pair } from "./pairs.ts";

const string = { type: "string" };
const integer = { type: "integer" };
const number = { type: "number" };
const open = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });
const closed = (properties: object, more: object = {}) => open(properties, { additionalProperties: false, ...more });
const among = (rest: object, properties: object, more: object = {}) => open(properties, { additionalProperties: rest, ...more });
const tuple = (items: readonly object[], more: object = {}) => ({ type: "array", items, ...more });
const DRAFT_4 = { $schema: "http://json-schema.org/draft-04/schema#" };
const DRAFT_2020 = { $schema: "https://json-schema.org/draft/2020-12/schema" };

const OBJECTS: readonly Pair[] = [
  pair("nothing", open({ a: string }), open({ a: string }), "both"),
  pair("a property of an open object", open({ a: string }), open({ a: string, b: string }), "forward"),
  pair("no property of an open object", open({ a: string, b: string }), open({ a: string }), "backward"),
  pair("a property that may be anything", open({ a: string }), open({ a: string, b: {} }), "both"),
  pair("a property that is true", open({ a: string }), open({ a: string, b: true }), "both"),
  pair("a property of a closed object", closed({ a: string }), closed({ a: string, b: string }), "backward"),
  pair("a required property of a closed object", closed({ a: string }), closed({ a: string, b: string }, { required: ["b"] }), "neither"),
  pair(
    "a required property with a default of a closed object",
    closed({ a: string }),
    closed({ a: string, b: { type: "string", default: "" } }, { required: ["b"] }),
    "backward",
  ),
  pair("no property of a closed object", closed({ a: string, b: string }), closed({ a: string }), "forward"),
  pair("no property of a closed object that was forbidden", closed({ a: string, b: false }), closed({ a: string }), "both"),
  pair("open, no longer closed", closed({ a: string }), open({ a: string }), "backward"),
  pair("closed, no longer open", open({ a: string }), closed({ a: string }), "forward"),
  pair("a schema for others", open({ a: string }), among(string, { a: string }), "forward"),
  pair("others of a schema where none were", closed({ a: string }), among(string, { a: string }), "backward"),
  pair("a wider schema for others", among(integer, {}), among(number, {}), "backward"),
  pair("another schema for others", among(integer, {}), among(string, {}), "neither"),
  pair("a property that others cover", among(string, {}), among(string, { a: string }), "both"),
  pair("a property that others do not cover", among(string, {}), among(string, { a: integer }), "neither"),
  pair("a property that is wider than others", among(integer, {}), among(integer, { a: number }), "backward"),
  pair("a required property that others cover", among(string, {}), among(string, { a: string }, { required: ["a"] }), "forward"),
  pair(
    "a property that a pattern covers",
    open({}, { patternProperties: { "^x": string } }),
    open({ x1: string }, { patternProperties: { "^x": string } }),
    "both",
  ),
  pair(
    "a property that a pattern covers in the middle of its name",
    open({}, { patternProperties: { x: string } }),
    open({ axb: string }, { patternProperties: { x: string } }),
    "both",
  ),
  pair(
    "a property that no pattern covers",
    open({}, { patternProperties: { "^x": string } }),
    open({ y: string }, { patternProperties: { "^x": string } }),
    "backward",
  ),
  pair("a property that is required no longer", open({ a: string }, { required: ["a"] }), open({ a: string }), "backward"),
  pair("a property that became required", open({ a: string }), open({ a: string }, { required: ["a"] }), "forward"),
  pair(
    "a property with a default that became required",
    open({ a: { type: "string", default: "" } }),
    open({ a: { type: "string", default: "" } }, { required: ["a"] }),
    "both",
  ),
  pair("a wider type of a property", open({ a: integer }), open({ a: number }), "backward"),
  pair("a narrower type of a property", open({ a: number }), open({ a: integer }), "forward"),
  pair("another type of a property", open({ a: string }), open({ a: integer }), "neither"),
  pair(
    "words about it",
    open({ a: string }),
    open({ a: { ...string, title: "A", description: "a", default: "x" } }, { title: "T" }),
    "both",
  ),
  pair("more properties allowed", open({}, { maxProperties: 2 }), open({}, { maxProperties: 3 }), "backward"),
  pair("fewer properties allowed", open({}, { maxProperties: 3 }), open({}, { maxProperties: 2 }), "forward"),
  pair("an upper bound of properties", open({}), open({}, { maxProperties: 2 }), "forward"),
  pair("fewer properties demanded", open({}, { minProperties: 2 }), open({}, { minProperties: 1 }), "backward"),
  pair("a dependency", open({}), open({}, { dependencies: { a: ["b"] } }), "forward"),
  pair("no dependency", open({}, { dependencies: { a: ["b"] } }), open({}), "backward"),
  pair("more in a dependency", open({}, { dependencies: { a: ["b"] } }), open({}, { dependencies: { a: ["b", "c"] } }), "forward"),
  pair("something else in a dependency", open({}, { dependencies: { a: ["b"] } }), open({}, { dependencies: { a: ["c"] } }), "neither"),
  pair(
    "a wider schema in a dependency",
    open({}, { dependencies: { a: open({ b: integer }) } }),
    open({}, { dependencies: { a: open({ b: number }) } }),
    "backward",
  ),
  pair("a dependency of 2019-09 and later", open({}, DRAFT_2020), open({}, { ...DRAFT_2020, dependentRequired: { a: ["b"] } }), "forward"),
  pair("a property of an open object within", open({ o: open({ a: string }) }), open({ o: open({ a: string, b: string }) }), "forward"),
  pair(
    "a property of a closed object within",
    open({ o: closed({ a: string }) }),
    open({ o: closed({ a: string, b: string }) }),
    "backward",
  ),
];

const STRINGS_AND_NUMBERS: readonly Pair[] = [
  pair("longer strings allowed", { ...string, maxLength: 5 }, { ...string, maxLength: 6 }, "backward"),
  pair("shorter strings allowed", { ...string, maxLength: 6 }, { ...string, maxLength: 5 }, "forward"),
  pair("a greatest length", string, { ...string, maxLength: 5 }, "forward"),
  pair("no greatest length", { ...string, maxLength: 5 }, string, "backward"),
  pair("a greater least length", { ...string, minLength: 1 }, { ...string, minLength: 2 }, "forward"),
  pair("a smaller least length", { ...string, minLength: 2 }, { ...string, minLength: 1 }, "backward"),
  pair("a pattern", string, { ...string, pattern: "^a" }, "forward"),
  pair("no pattern", { ...string, pattern: "^a" }, string, "backward"),
  pair("another pattern", { ...string, pattern: "^a" }, { ...string, pattern: "^b" }, "neither"),
  pair("another format", { ...string, format: "date" }, { ...string, format: "uri" }, "both"),
  pair("a higher maximum", { ...number, maximum: 1 }, { ...number, maximum: 2 }, "backward"),
  pair("a higher minimum", { ...number, minimum: 1 }, { ...number, minimum: 2 }, "forward"),
  pair("a lower exclusive maximum", { ...number, exclusiveMaximum: 2 }, { ...number, exclusiveMaximum: 1 }, "forward"),
  pair("no exclusive minimum", { ...number, exclusiveMinimum: 2 }, number, "backward"),
  pair(
    "a lower exclusive maximum in draft 4",
    { ...DRAFT_4, ...number, maximum: 2, exclusiveMaximum: true },
    { ...DRAFT_4, ...number, maximum: 1, exclusiveMaximum: true },
    "forward",
  ),
  pair("a divisor as multipleOf", { ...integer, multipleOf: 10 }, { ...integer, multipleOf: 5 }, "backward"),
  pair("a multiple as multipleOf", { ...integer, multipleOf: 5 }, { ...integer, multipleOf: 10 }, "forward"),
  pair("another multipleOf", { ...integer, multipleOf: 4 }, { ...integer, multipleOf: 6 }, "neither"),
  pair("a decimal divisor as multipleOf", { ...number, multipleOf: 0.3 }, { ...number, multipleOf: 0.1 }, "backward"),
  pair("a multipleOf", integer, { ...integer, multipleOf: 5 }, "forward"),
  pair("integer becomes number", integer, number, "backward"),
  pair("number becomes integer", number, integer, "forward"),
  pair("number becomes string", number, string, "neither"),
  pair("null becomes string", { type: "null" }, string, "neither"),
  pair("boolean stays", { type: "boolean" }, { type: "boolean" }, "both"),
  pair("a type where anything was", {}, string, "forward"),
  pair("anything where a type was", string, {}, "backward"),
  pair("true where a type was", string, true, "backward"),
  pair("nothing where a type was", string, false, "forward"),
  pair("a type where nothing was", false, string, "backward"),
];

const ARRAYS: readonly Pair[] = [
  pair("wider items", { type: "array", items: integer }, { type: "array", items: number }, "backward"),
  pair("other items", { type: "array", items: integer }, { type: "array", items: string }, "neither"),
  pair("a schema for items", { type: "array" }, { type: "array", items: string }, "forward"),
  pair("no schema for items", { type: "array", items: string }, { type: "array" }, "backward"),
  pair("more items allowed", { type: "array", maxItems: 1 }, { type: "array", maxItems: 2 }, "backward"),
  pair("more items demanded", { type: "array", minItems: 1 }, { type: "array", minItems: 2 }, "forward"),
  pair("different items demanded", { type: "array" }, { type: "array", uniqueItems: true }, "forward"),
  pair("different items demanded no longer", { type: "array", uniqueItems: true }, { type: "array" }, "backward"),
  pair("a position of an open tuple", tuple([string]), tuple([string, integer]), "forward"),
  pair("a position that may be anything of an open tuple", tuple([string]), tuple([string, {}]), "both"),
  pair(
    "a position of a closed tuple",
    tuple([string], { additionalItems: false }),
    tuple([string, integer], { additionalItems: false }),
    "backward",
  ),
  pair(
    "no position of a closed tuple",
    tuple([string, integer], { additionalItems: false }),
    tuple([string], { additionalItems: false }),
    "forward",
  ),
  pair("a wider position", tuple([integer]), tuple([number]), "backward"),
  pair("a tuple that is closed no longer", tuple([string], { additionalItems: false }), tuple([string]), "backward"),
  pair(
    "a position that others cover",
    tuple([string], { additionalItems: integer }),
    tuple([string, integer], { additionalItems: integer }),
    "both",
  ),
  pair(
    "a position that others do not cover",
    tuple([string], { additionalItems: integer }),
    tuple([string, string], { additionalItems: integer }),
    "neither",
  ),
  pair(
    "a position of a closed tuple of 2020-12",
    { ...DRAFT_2020, type: "array", prefixItems: [string], items: false },
    { ...DRAFT_2020, type: "array", prefixItems: [string, integer], items: false },
    "backward",
  ),
  pair("an object in place of an array", { type: "array" }, { type: "object" }, "neither"),
];

const ENUMS: readonly Pair[] = [
  pair("a value", { enum: ["a"] }, { enum: ["a", "b"] }, "backward"),
  pair("no value that was there", { enum: ["a", "b"] }, { enum: ["a"] }, "forward"),
  pair("another value", { enum: ["a", "b"] }, { enum: ["a", "c"] }, "neither"),
  pair("another order of values", { enum: ["a", "b"] }, { enum: ["b", "a"] }, "both"),
  pair("another order of keys in a value", { enum: [{ a: 1, b: 2 }] }, { enum: [{ b: 2, a: 1 }] }, "both"),
  pair("a value beside a type", { ...string, enum: ["a"] }, { ...string, enum: ["a", "b"] }, "backward"),
  pair("no values any more", { ...string, enum: ["a"] }, string, "backward"),
  pair("an enum of a constant and another", { const: "a" }, { enum: ["a", "b"] }, "backward"),
  pair("an enum of the constant", { const: "a" }, { enum: ["a"] }, "both"),
  pair("another constant", { const: "a" }, { const: "b" }, "neither"),
  pair("a wider exclusion", { not: integer }, { not: number }, "forward"),
  pair("a narrower exclusion", { not: number }, { not: integer }, "backward"),
];

const limits = [{ maxLength: 5 }, { minLength: 1 }];

const COMBINED: readonly Pair[] = [
  pair("a choice that has the type", string, { oneOf: [string, integer] }, "backward"),
  pair("any of several that has the type", string, { anyOf: [integer, string] }, "backward"),
  pair("a choice that has it not", string, { oneOf: [integer, { type: "boolean" }] }, "neither"),
  pair("a branch of oneOf", { oneOf: [string] }, { oneOf: [string, integer] }, "backward"),
  pair("no branch of oneOf that was there", { oneOf: [string, integer] }, { oneOf: [string] }, "forward"),
  pair("another order of branches", { oneOf: [string, integer] }, { oneOf: [integer, string] }, "both"),
  pair("a wider branch", { anyOf: [string, integer] }, { anyOf: [string, number] }, "backward"),
  pair("another branch", { anyOf: [string, integer] }, { anyOf: [string, { type: "boolean" }] }, "neither"),
  pair("branches of which two have one partner", { oneOf: [integer, number] }, { oneOf: [number, string] }, "neither"),
  pair("anyOf in place of oneOf", { oneOf: [string, integer] }, { anyOf: [string, integer] }, "backward"),
  pair("anyOf in place of allOf", { allOf: limits }, { anyOf: limits }, "backward"),
  pair("a branch of allOf", { allOf: limits }, { allOf: [...limits, { pattern: "a" }] }, "forward"),
  pair("no branch of allOf that was there", { allOf: [...limits, { pattern: "a" }] }, { allOf: limits }, "backward"),
  pair("anyOf of one", string, { anyOf: [string] }, "both"),
  pair("null as well", string, { type: ["string", "null"] }, "backward"),
  pair("null no longer", { type: ["string", "null"] }, string, "forward"),
  pair("another order of types", { type: ["string", "null"] }, { type: ["null", "string"] }, "both"),
  pair("a wider type of several", { type: ["string", "integer"] }, { type: ["string", "number"] }, "backward"),
  pair("a choice in a property", open({ a: string }), open({ a: { oneOf: [string, { type: "null" }] } }), "backward"),
];

const referring = (name: string, target: object) => open({ a: { $ref: `#/definitions/${name}` } }, { definitions: { [name]: target } });

const REFERENCES: readonly Pair[] = [
  pair("written out what was referred to", referring("A", string), open({ a: string }), "both"),
  pair("another name of what is referred to", referring("A", string), referring("B", string), "both"),
  pair("a wider type of what is referred to", referring("A", integer), referring("A", number), "backward"),
  pair("a property in a schema that holds itself", open({ next: { $ref: "#" } }), open({ next: { $ref: "#" }, b: string }), "forward"),
  pair(
    "a property in a closed schema that holds itself",
    closed({ next: { $ref: "#" } }),
    closed({ next: { $ref: "#" }, b: string }),
    "backward",
  ),
  pair(
    "an anchor in place of a pointer",
    { ...DRAFT_2020, ...open({ a: { $ref: "#/$defs/A" } }), $defs: { A: string } },
    { ...DRAFT_2020, ...open({ a: { $ref: "#here" } }), $defs: { A: { ...string, $anchor: "here" } } },
    "both",
  ),
  pair("a condition", open({ a: string }), open({ a: string }, { if: { required: ["a"] }, else: { required: ["b"] } }), "both"),
];

export const JSON_PAIRS: readonly Pair[] = [...OBJECTS, ...STRINGS_AND_NUMBERS, ...ARRAYS, ...ENUMS, ...COMBINED, ...REFERENCES];

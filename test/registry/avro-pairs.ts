// Avro schemas in pairs, with the verdict of Avro's specification ("Schema Resolution").

import { type Pair, pair } from "./pairs.ts";

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const record = (fields: readonly object[], more: object = {}) => ({ type: "record", name: "R", fields, ...more });
const inner = (fields: readonly object[], more: object = {}) => ({ type: "record", name: "Inner", fields, ...more });
const letters = (symbols: string, more: object = {}) => ({ type: "enum", name: "E", symbols: [...symbols], ...more });
const fixed = (size: number, more: object = {}) => ({ type: "fixed", name: "F", size, ...more });
const array = (items: unknown) => ({ type: "array", items });
const map = (values: unknown) => ({ type: "map", values });

const a = field("a", "int");
const withDefault = (name: string) => field(name, "int", { default: 1 });

const PRIMITIVES: readonly Pair[] = [
  pair("nothing", "int", "int", "both"),
  pair("the long way to write a primitive", "int", { type: "int" }, "both"),
  pair("int becomes long", "int", "long", "backward"),
  pair("int becomes float", "int", "float", "backward"),
  pair("int becomes double", "int", "double", "backward"),
  pair("long becomes float", "long", "float", "backward"),
  pair("long becomes double", "long", "double", "backward"),
  pair("float becomes double", "float", "double", "backward"),
  pair("string becomes bytes", "string", "bytes", "both"),
  pair("bytes becomes string", "bytes", "string", "both"),
  pair("long becomes int", "long", "int", "forward"),
  pair("float becomes long", "float", "long", "forward"),
  pair("double becomes float", "double", "float", "forward"),
  pair("double becomes int", "double", "int", "forward"),
  pair("int becomes string", "int", "string", "neither"),
  pair("int becomes bytes", "int", "bytes", "neither"),
  pair("boolean becomes int", "boolean", "int", "neither"),
  pair("boolean becomes string", "boolean", "string", "neither"),
  pair("null becomes int", "null", "int", "neither"),
  pair("string becomes null", "string", "null", "neither"),
  pair("double becomes string", "double", "string", "neither"),
];

const RECORDS: readonly Pair[] = [
  pair("nothing in a record", record([a]), record([a]), "both"),
  pair("a field with a default", record([a]), record([a, withDefault("b")]), "both"),
  pair("a field without a default", record([a]), record([a, field("b", "int")]), "forward"),
  pair("two fields, one without a default", record([a]), record([a, withDefault("b"), field("c", "int")]), "forward"),
  pair("no field that had a default", record([a, withDefault("b")]), record([a]), "both"),
  pair("no field that had no default", record([a, field("b", "int")]), record([a]), "backward"),
  pair("no fields at all", record([a]), record([]), "backward"),
  pair("a field under another name", record([a]), record([field("b", "int")]), "neither"),
  pair("a field under another name, with a default", record([a]), record([withDefault("b")]), "backward"),
  pair("a field under another name, with an alias", record([a]), record([field("b", "int", { aliases: ["a"] })]), "backward"),
  pair("a field with an alias that nobody has", record([a]), record([field("b", "int", { aliases: ["c"] })]), "neither"),
  pair(
    "a field under another name, with an alias, both with defaults",
    record([withDefault("a")]),
    record([field("b", "int", { aliases: ["a"], default: 1 })]),
    "both",
  ),
  pair("another order of fields", record([a, field("b", "int")]), record([field("b", "int"), a]), "both"),
  pair("a wider type of a field", record([a]), record([field("a", "long")]), "backward"),
  pair("a narrower type of a field", record([field("a", "long")]), record([a]), "forward"),
  pair("another type of a field", record([a]), record([field("a", "string")]), "neither"),
  pair("bytes for string in a field", record([field("a", "string")]), record([field("a", "bytes")]), "both"),
  pair("a doc", record([a]), record([field("a", "int", { doc: "what it is" })], { doc: "what they are" }), "both"),
  pair("another sort order", record([a]), record([field("a", "int", { order: "descending" })]), "both"),
  pair("another default", record([withDefault("a")]), record([field("a", "int", { default: 2 })]), "both"),
  pair("no default of a field that stays", record([withDefault("a")]), record([a]), "both"),
  pair("other attributes", record([a]), record([field("a", "int", { "x-unit": "m" })], { "x-owner": "me" }), "both"),
  pair("another name of the record", record([a]), record([a], { name: "S" }), "neither"),
  pair("another name with an alias", record([a]), record([a], { name: "S", aliases: ["R"] }), "backward"),
  pair("another name with an alias that is not the old one", record([a]), record([a], { name: "S", aliases: ["T"] }), "neither"),
  pair("another namespace", record([a], { namespace: "x" }), record([a], { namespace: "y" }), "both"),
  pair(
    "another name, with the full old one as an alias",
    record([a], { namespace: "x" }),
    record([a], { name: "S", aliases: ["x.R"] }),
    "backward",
  ),
  pair(
    "a field of a record within, with a default",
    record([field("i", inner([a]))]),
    record([field("i", inner([a, withDefault("b")]))]),
    "both",
  ),
  pair(
    "a field of a record within, without one",
    record([field("i", inner([a]))]),
    record([field("i", inner([a, field("b", "int")]))]),
    "forward",
  ),
  pair("another name of a record within", record([field("i", inner([a]))]), record([field("i", inner([a], { name: "Other" }))]), "neither"),
  pair(
    "a field with a default in a record that holds itself",
    record([field("next", ["null", "R"])]),
    record([field("next", ["null", "R"]), withDefault("b")]),
    "both",
  ),
  pair(
    "a field without a default in a record that holds itself",
    record([field("next", ["null", "R"])]),
    record([field("next", ["null", "R"]), field("b", "int")]),
    "forward",
  ),
  pair("a map in place of the record", record([a]), map("int"), "neither"),
  pair("a string in place of the record", record([a]), "string", "neither"),
  pair("an optional field", record([a]), record([a, field("b", ["null", "string"], { default: null })]), "both"),
  pair("an optional field without a default", record([a]), record([a, field("b", ["null", "string"])]), "forward"),
  pair("a field that became optional", record([field("a", "string")]), record([field("a", ["null", "string"])]), "backward"),
  pair("a field that is optional no longer", record([field("a", ["null", "string"])]), record([field("a", "string")]), "forward"),
];

const ENUMS_AND_FIXED: readonly Pair[] = [
  pair("nothing in an enum", letters("AB"), letters("AB"), "both"),
  pair("a symbol", letters("AB"), letters("ABC"), "backward"),
  pair("no symbol that was there", letters("ABC"), letters("AB"), "forward"),
  pair("another symbol", letters("AB"), letters("AC"), "neither"),
  pair("another order of symbols", letters("AB"), letters("BA"), "both"),
  pair("a symbol less, and a default", letters("ABC"), letters("AB", { default: "A" }), "both"),
  pair("a symbol that the older takes for its default", letters("AB", { default: "A" }), letters("ABC", { default: "A" }), "both"),
  pair("another default of an enum", letters("AB", { default: "A" }), letters("AB", { default: "B" }), "both"),
  pair("another name of an enum", letters("AB"), letters("AB", { name: "X" }), "neither"),
  pair("another name of an enum with an alias", letters("AB"), letters("AB", { name: "X", aliases: ["E"] }), "backward"),
  pair("a string in place of an enum", letters("AB"), "string", "neither"),
  pair("another namespace of an enum", letters("AB", { namespace: "x" }), letters("AB", { namespace: "y" }), "both"),
  pair("nothing in a fixed", fixed(4), fixed(4), "both"),
  pair("another size", fixed(4), fixed(8), "neither"),
  pair("another name of a fixed", fixed(4), fixed(4, { name: "G" }), "neither"),
  pair("another name of a fixed with an alias", fixed(4), fixed(4, { name: "G", aliases: ["F"] }), "backward"),
  pair("another namespace of a fixed", fixed(4, { namespace: "x" }), fixed(4, { namespace: "y" }), "both"),
  pair("bytes in place of a fixed", fixed(4), "bytes", "neither"),
  pair("a fixed in place of bytes", "bytes", fixed(4), "neither"),
];

const COLLECTIONS: readonly Pair[] = [
  pair("wider items", array("int"), array("long"), "backward"),
  pair("other items", array("int"), array("string"), "neither"),
  pair("wider items within items", array(array("int")), array(array("long")), "backward"),
  pair("items with another field", array(inner([a])), array(inner([a, withDefault("b")])), "both"),
  pair("items with another field without a default", array(inner([a])), array(inner([a, field("b", "int")])), "forward"),
  pair("an array in place of a map", map("int"), array("int"), "neither"),
  pair("an array in place of its item", "int", array("int"), "neither"),
  pair("wider values", map("int"), map("long"), "backward"),
  pair("bytes for strings as values", map("string"), map("bytes"), "both"),
  pair("other values", map("int"), map("boolean"), "neither"),
  pair("optional values", map("int"), map(["null", "int"]), "backward"),
];

const UNIONS: readonly Pair[] = [
  pair("a union around a type", "int", ["null", "int"], "backward"),
  pair("no union around a type", ["null", "int"], "int", "forward"),
  pair("a union of one", "int", ["int"], "both"),
  pair("another order of branches", ["null", "int"], ["int", "null"], "both"),
  pair("a branch", ["null", "int"], ["null", "int", "string"], "backward"),
  pair("no branch that was there", ["null", "int", "string"], ["null", "int"], "forward"),
  pair("another branch", ["null", "int"], ["null", "string"], "neither"),
  pair("a wider branch", ["null", "int"], ["null", "long"], "backward"),
  pair("a union with a wider type", "int", ["long", "string"], "backward"),
  pair("a union without the type", "int", ["null", "string"], "neither"),
  pair("a type that reads all branches", ["int", "float"], "double", "backward"),
  pair("a type that reads all branches and is one", ["string", "bytes"], "string", "both"),
  pair("branches that are read by others", ["int", "string"], ["string", "bytes"], "forward"),
  pair("a record as a branch", [inner([a])], [inner([a]), record([a])], "backward"),
  pair("a field without a default in a branch", ["null", record([a])], ["null", record([a, field("b", "int")])], "forward"),
  pair("a field with a default in a branch", ["null", record([a])], ["null", record([a, withDefault("b")])], "both"),
  pair("a symbol in an enum in a branch", ["null", letters("AB")], ["null", letters("ABC")], "backward"),
  pair("a branch in a union of items", array(["null", "int"]), array(["null", "int", "string"]), "backward"),
];

const LOGICAL: readonly Pair[] = [
  pair("a logical type", "int", { type: "int", logicalType: "date" }, "both"),
  pair(
    "another logical type",
    { type: "long", logicalType: "timestamp-millis" },
    { type: "long", logicalType: "timestamp-micros" },
    "both",
  ),
  pair(
    "another precision",
    { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 },
    { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
    "both",
  ),
  pair("a string in place of a decimal", { type: "bytes", logicalType: "decimal", precision: 4 }, "string", "both"),
];

export const AVRO_PAIRS: readonly Pair[] = [...PRIMITIVES, ...RECORDS, ...ENUMS_AND_FIXED, ...COLLECTIONS, ...UNIONS, ...LOGICAL];

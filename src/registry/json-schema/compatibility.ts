// Whether documents that were valid by an older JSON Schema (the writer's) are valid by a newer one (the reader's), decided by comparing what the
// two say, keyword by keyword. Objects and arrays have one of three content models: open (what is not named may be anything), closed (what is not
// named may not be) and partially open (a schema says what it may be); they decide about properties and items that only one of the two names.

import { Effort } from "../effort.ts";
import { type Difference, pathDifference } from "../format.ts";
import { Pairs } from "../pairs.ts";
import { differencesOfArrays } from "./arrays.ts";
import type { Comparing } from "./comparing.ts";
import type { SchemaDocuments, SchemaNode } from "./document.ts";
import { largestMatching } from "./matching.ts";
import { type Branch, type CombinedModel, type Criterion, type Model, modelOf } from "./model.ts";
import { differencesOfObjects } from "./objects.ts";
import { differencesOfEnums, differencesOfNumbers, differencesOfStrings } from "./scalars.ts";

type PatternTest = Comparing["fits"];

/** What stands in the way of reading what `writer` describes with `reader`. */
export function jsonSchemaDifferences(reader: SchemaDocuments, writer: SchemaDocuments, fits: PatternTest): readonly Difference[] {
  return new Comparison({ reader, writer, fits, effort: new Effort(), ...nothingKnown() }).schemas(writer.root, reader.root, "#/");
}

interface Context {
  readonly reader: SchemaDocuments;
  readonly writer: SchemaDocuments;
  readonly fits: PatternTest;
  /** Older and newer schemas that are compared or were: those in progress count as compatible. */
  readonly seen: Pairs<true>;
  /** What trials came to, shared by them all. */
  readonly trials: Pairs<boolean>;
  readonly models: Map<SchemaNode, Model>;
  readonly effort: Effort;
}

function nothingKnown(): Pick<Context, "seen" | "trials" | "models"> {
  return { seen: new Pairs(), trials: new Pairs(), models: new Map() };
}

/** Of a pattern on a name, in steps of a comparison, and of each character of the name. */
const PATTERN_STEPS = 100;
const CHARACTER_STEPS = 5;

/** Of an older and a newer schema; `path` leads to the place in the newer one. */
class Comparison implements Comparing {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  fits(pattern: string, name: string): boolean {
    this.#context.effort.spend(PATTERN_STEPS + CHARACTER_STEPS * name.length);
    return this.#context.fits(pattern, name);
  }

  schemas(older: SchemaNode, newer: SchemaNode, path: string): readonly Difference[] {
    const { reader, writer, seen } = this.#context;
    const from = writer.follow(older);
    const to = reader.follow(newer);
    if (seen.get(from.value, to.value) === true && typeof from.value === "object") return [];
    seen.set(from.value, to.value, true);
    return this.models(this.#model(from, writer), this.#model(to, reader), path);
  }

  models(older: Model, newer: Model, path: string): readonly Difference[] {
    this.#context.effort.spend();
    if (newer.kind === "anything" || older.kind === "nothing") return [];
    if (older.kind === "anything" || newer.kind === "nothing") {
      return [pathDifference("TYPE_NARROWED", `The type at path '${path}' in the {reader} schema is narrower than in the {writer} schema`)];
    }
    if (older.kind === "combined" || newer.kind === "combined") return this.#combined(older, newer, path);
    if (older.kind === "object" && newer.kind === "object") return differencesOfObjects(this, older, newer, path);
    if (older.kind === "array" && newer.kind === "array") return differencesOfArrays(this, older, newer, path);
    if (older.kind === "string" && newer.kind === "string") return differencesOfStrings(older, newer, path);
    if (older.kind === "number" && newer.kind === "number") return differencesOfNumbers(older, newer, path);
    if (older.kind === "enum" && newer.kind === "enum") return differencesOfEnums(older.values, newer.values, path);
    if (older.kind === "not" && newer.kind === "not") return this.#negations(older.schema, newer.schema, path);
    return older.kind === newer.kind ? [] : [typeChanged(path)];
  }

  /** Whether nothing stands in the way; pairs that are tried for it are forgotten. */
  isCompatible(older: Branch, newer: Branch): boolean {
    const { seen, trials } = this.#context;
    const known = trials.get(older, newer);
    if (known !== undefined) return known;
    const trial = new Comparison({ ...this.#context, seen: new Pairs(seen) });
    const isCompatible = trial.branches(older, newer, "").length === 0;
    trials.set(older, newer, isCompatible);
    return isCompatible;
  }

  branches(older: Branch, newer: Branch, path: string): readonly Difference[] {
    if ("value" in older && "value" in newer) return this.schemas(older, newer, path);
    const { reader, writer } = this.#context;
    const from = "value" in older ? this.#model(writer.follow(older), writer) : older;
    const to = "value" in newer ? this.#model(reader.follow(newer), reader) : newer;
    return this.models(from, to, path);
  }

  #model(node: SchemaNode, documents: SchemaDocuments): Model {
    const { models } = this.#context;
    const model = models.get(node) ?? modelOf(node, documents);
    models.set(node, model);
    return model;
  }

  /** What must not be may only become less: the older `not` has to accept all that the newer one does. */
  #negations(older: SchemaNode, newer: SchemaNode, path: string): readonly Difference[] {
    const { reader, writer, fits, effort } = this.#context;
    const reverse = new Comparison({ reader: writer, writer: reader, fits, effort, ...nothingKnown() });
    if (reverse.schemas(newer, older, path).length === 0) return [];
    const description = `The schema under 'not' at path '${path}' in the {reader} schema is not narrower than in the {writer} schema`;
    return [pathDifference("NOT_TYPE_EXTENDED", description)];
  }

  #combined(older: Model, newer: Model, path: string): readonly Difference[] {
    if (older.kind !== "combined") return newer.kind === "combined" ? this.#becameCombined(older, newer, path) : [];
    if (newer.kind !== "combined") return this.#wasCombined(older, newer, path);
    const isSingle = older.branches.length === 1 || newer.branches.length === 1;
    if (older.criterion !== newer.criterion && newer.criterion !== "anyOf" && !isSingle) {
      const description = `The {reader} schema combines schemas at path '${path}' by another keyword than the {writer} schema`;
      return [pathDifference("COMBINED_TYPE_CHANGED", description)];
    }
    return this.#branchesMatch(older, newer, path);
  }

  #becameCombined(older: Model, { criterion, branches }: CombinedModel, path: string): readonly Difference[] {
    const [first] = branches;
    if (branches.length === 1 && first !== undefined) return this.branches(older, first, path);
    const accepts = criterion !== "allOf" && branches.some((branch) => this.isCompatible(older, branch));
    return accepts ? [] : [typeChanged(path)];
  }

  #wasCombined({ criterion, branches }: CombinedModel, newer: Model, path: string): readonly Difference[] {
    const [first] = branches;
    if (branches.length === 1 && first !== undefined) return this.branches(first, newer, path);
    const isAccepted = criterion === "allOf" && branches.some((branch) => this.isCompatible(branch, newer));
    return isAccepted ? [] : [typeChanged(path)];
  }

  /** Each branch of the smaller side needs a partner of its own on the other. */
  #branchesMatch(older: CombinedModel, newer: CombinedModel, path: string): readonly Difference[] {
    const place = `${path === "#/" ? "#" : path}/${newer.criterion}`;
    const grows = newer.branches.length - older.branches.length;
    if (newer.criterion === "allOf" && grows > 0) {
      return [pathDifference("PRODUCT_TYPE_EXTENDED", `The {reader} schema demands more at path '${place}' than the {writer} schema`)];
    }
    if (isSum(newer.criterion) && isSum(older.criterion) && grows < 0) {
      return [pathDifference("SUM_TYPE_NARROWED", `The {reader} schema allows less at path '${place}' than the {writer} schema`)];
    }
    if (older.branches.length * newer.branches.length > MOST_PAIRS) {
      return [pathDifference("COMBINED_TYPE_SUBSCHEMAS_CHANGED", `There are too many schemas at path '${place}' to compare them`)];
    }
    const edges = older.branches.map((from) => newer.branches.flatMap((to, index) => (this.isCompatible(from, to) ? [index] : [])));
    const needed = Math.min(older.branches.length, newer.branches.length);
    if (largestMatching(edges) >= needed) return [];
    const description = `Schemas at path '${place}' in the {reader} schema have no compatible ones in the {writer} schema`;
    return [pathDifference("COMBINED_TYPE_SUBSCHEMAS_CHANGED", description)];
  }
}

/** More would keep everybody else waiting. */
const MOST_PAIRS = 20_000;

function isSum(criterion: Criterion): boolean {
  return criterion !== "allOf";
}

function typeChanged(path: string): Difference {
  return pathDifference("TYPE_CHANGED", `The type at path '${path}' in the {reader} schema is different from the {writer} schema`);
}

// Names of subjects. A subject belongs to a context, which has ids of its own; it is named in front of the subject, `:.ctx:subject`, unless it is the
// default one, `.`. Everywhere within the registry names are in that form.

export const DEFAULT_CONTEXT = ".";
/** Before a prefix: in all contexts. */
export const EVERY_CONTEXT = ":*:";
/** What a context is called that holds the settings for all. */
const GLOBAL_CONTEXT = ":.__GLOBAL:";

export interface QualifiedSubject {
  readonly context: string;
  /** Empty where a context as a whole is meant. */
  readonly subject: string;
}

/** `:.:x` is `x`. */
export function parseSubject(name: string): QualifiedSubject {
  const found = /^:(\.[^:]*):(.*)$/s.exec(name);
  return found === null ? { context: DEFAULT_CONTEXT, subject: name } : { context: found[1] ?? "", subject: found[2] ?? "" };
}

export function printSubject({ context, subject }: QualifiedSubject): string {
  return context === DEFAULT_CONTEXT ? subject : `:${context}:${subject}`;
}

/** One spelling for each. */
export function canonicalSubject(name: string): string {
  return printSubject(parseSubject(name));
}

export function isQualified(name: string): boolean {
  return /^:\.[^:]*:/.test(name);
}

/** A subject that is named within another: it is in the context of that one, unless it says otherwise. */
export function subjectBeside(name: string, parent: string): string {
  return isQualified(name) ? canonicalSubject(name) : printSubject({ context: parseSubject(parent).context, subject: name });
}

/** The name of settings that hold for a whole context; the default one has none of its own. */
export function contextSubject(context: string): string {
  return `:${context}:`;
}

/** Whether schemas may be registered under a name. */
export function isSubject(name: string): boolean {
  const { subject } = parseSubject(name);
  return isSettingsSubject(name) && subject !== "" && !name.startsWith(GLOBAL_CONTEXT);
}

/** Whether a name may have settings: subjects and whole contexts. */
export function isSettingsSubject(name: string): boolean {
  const { subject } = parseSubject(name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return name !== "" && !/[\u0000-\u001f\u007f-\u009f]/.test(name) && subject !== "__GLOBAL" && subject !== "__EMPTY";
}

/** `ctx`, `.ctx` and `:.ctx:` are one context; undefined for what is none. */
export function contextOf(text: string): string | undefined {
  const inner = /^:(.*):$/.exec(text)?.[1] ?? text;
  if (inner === "" || inner.includes(":")) return undefined;
  return inner.startsWith(".") ? inner : `.${inner}`;
}

// The errors that clients of a schema registry know: an HTTP status with a code that says more, and a message that some of them read.

import type { SchemaReference } from "./format.ts";

/** `code` is the status, or a hundred times the status and a number of the registry's own. */
export class RegistryError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RegistryError";
    this.code = code;
    this.status = code < 1000 ? code : Math.floor(code / 100);
  }
}

export const forbidden = (operation: string) =>
  new RegistryError(40301, `User is denied operation ${operation} on the topic _schemas, which the schemas are in`);
export const subjectNotFound = (subject: string) => new RegistryError(40401, `Subject '${subject}' not found.`);
export const versionNotFound = (version: number) => new RegistryError(40402, `Version ${version} not found.`);
export const schemaNotFound = () => new RegistryError(40403, "Schema not found");
export const idNotFound = (id: number | string) => new RegistryError(40403, `Schema ${id} not found`);
export const subjectSoftDeleted = (subject: string) =>
  new RegistryError(40404, `Subject '${subject}' was soft deleted.Set permanent=true to delete permanently`);
export const subjectNotSoftDeleted = (subject: string) =>
  new RegistryError(40405, `Subject '${subject}' was not deleted first before being permanently deleted`);
export const versionSoftDeleted = (subject: string, version: number) =>
  new RegistryError(40406, `Subject '${subject}' Version ${version} was soft deleted.Set permanent=true to delete permanently`);
export const versionNotSoftDeleted = (subject: string, version: number) =>
  new RegistryError(40407, `Subject '${subject}' Version ${version} was not deleted first before being permanently deleted`);
export const noOwnCompatibility = (subject: string) =>
  new RegistryError(40408, `Subject '${subject}' does not have subject-level compatibility configured`);
export const noOwnMode = (subject: string) => new RegistryError(40409, `Subject '${subject}' does not have subject-level mode configured`);

export const incompatible = (subject: string, messages: readonly string[]) =>
  new RegistryError(
    409,
    `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${messages.join(", ")}]`,
  );

/** `schema` is what was sent, whole, as Confluent's registry prints it. */
export const invalidSchema = (
  text: { readonly subject: string; readonly schema: string; readonly references: readonly SchemaReference[]; readonly schemaType: string },
  cause: string,
) => {
  const { subject, schema, schemaType } = text;
  const refs = text.references.map((one) => `{name='${one.name}', subject='${one.subject}', version=${one.version}}`).join(", ");
  const sent = `{subject=${subject},version=0,id=-1,schemaType=${schemaType},references=[${refs}],metadata=null,ruleSet=null,schema=${schema},schemaTags=null}`;
  return new RegistryError(42201, `Invalid schema ${sent} with refs [${refs}] of type ${schemaType}, details: ${cause}`);
};
export const invalidRequest = (message: string) => new RegistryError(42201, message);
export const invalidVersion = (version: string) =>
  new RegistryError(
    42202,
    `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
  );
export const invalidCompatibility = () =>
  new RegistryError(
    42203,
    "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive",
  );
export const invalidMode = () =>
  new RegistryError(42204, "Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE, and IMPORT");
export const notPermitted = (message: string) => new RegistryError(42205, message);
export const referenceExists = (subject: string, version: number) =>
  new RegistryError(42206, `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}`);
export const invalidSubject = (subject: string) => new RegistryError(42208, `The specified subject '${subject}' is not a valid subject.`);
export const schemaTooLarge = (reason: string) => new RegistryError(42209, `The schema is too large: ${reason}`);
export const contextNotEmpty = (context: string) => new RegistryError(42211, `The specified context '${context}' is not empty.`);
export const notForwarded = (options: ErrorOptions) =>
  new RegistryError(50003, "Error while forwarding the request to the primary", options);

// A step of the database's schema. What a release has is never changed afterwards: what is to be otherwise gets another number.

export interface Migration {
  /** From 1, without gaps. */
  readonly number: number;
  /** "what brokers share": for whoever looks into odradek.schema_version. */
  readonly name: string;
  /** Statements separated by semicolons, all in the schema `odradek`, each name written with it (odradek.lease): nothing depends on a search path. */
  readonly sql: string;
}

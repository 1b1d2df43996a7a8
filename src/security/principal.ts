// Who somebody is, as Kafka writes it: a type and a name.

/** Of whoever has not said who they are. */
export const ANONYMOUS = "User:ANONYMOUS";

export const USER_TYPE = "User";

export interface Principal {
  readonly type: string;
  readonly name: string;
}

export function userPrincipal(name: string): string {
  return `${USER_TYPE}:${name}`;
}

/** Types of principals that stand as text have no colon; names may. */
export function parsePrincipal(text: string): Principal {
  const end = text.indexOf(":");
  return { type: text.slice(0, end), name: text.slice(end + 1) };
}

export function printPrincipal({ type, name }: Principal): string {
  return `${type}:${name}`;
}

/** The same of no other, whatever types and names clients give. */
export function principalKey({ type, name }: Principal): string {
  return `${type.length} ${type} ${name}`;
}

export function isSamePrincipal(one: Principal, other: Principal): boolean {
  return one.type === other.type && one.name === other.name;
}

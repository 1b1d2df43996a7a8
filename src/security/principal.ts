// Who somebody is, as Kafka writes it: a type and a name.

/** Of whoever has not said who they are. */
export const ANONYMOUS = "User:ANONYMOUS";

export function userPrincipal(name: string): string {
  return `User:${name}`;
}

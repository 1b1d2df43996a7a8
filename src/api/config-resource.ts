// What settings belong to: a code on the wire, and a name.

/** Codes on the wire. */
export const ConfigResources = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const;

export interface ConfigResource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** Kafka's words for a request that makes no sense to it. */
export const NO_SUCH_RESOURCE_TYPE =
  "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.";

export function configResourceKey({ resourceType, resourceName }: ConfigResource): string {
  return `${resourceType} ${resourceName}`;
}

export function isWholeNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

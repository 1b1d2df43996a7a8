// Ids of topics as Kafka writes them, from what PostgreSQL gives.

/** 22 characters of URL-safe base64. */
export function kafkaUuid(uuid: string): string {
  return Buffer.from(uuid.replaceAll("-", ""), "hex").toString("base64url");
}

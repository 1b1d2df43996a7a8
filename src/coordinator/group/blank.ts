// What Kafka takes for an absent name: nothing, or nothing above a space, as Java trims.

export function isBlank(text: string | null): boolean {
  return text !== null && /^[\0-\x20]*$/.test(text);
}

// The id of a topic as it is stored beside a partition's records, perhaps damaged: nobody should lose them for a flipped bit of it.

/** Of the 22 of an id. By chance, two have one or two. */
const SAME_CHARACTERS = 12;

/** Whether what is stored is the topic's id, or was. */
export function isMeantBy(storedId: string, topicId: string): boolean {
  return [...storedId].filter((character, index) => character === topicId[index]).length >= SAME_CHARACTERS;
}

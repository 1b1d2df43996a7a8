/** Upkeep is to end: nothing is lost, and what was under way is begun again another time. */
export class UpkeepStopped extends Error {
  override readonly name = "UpkeepStopped";
}

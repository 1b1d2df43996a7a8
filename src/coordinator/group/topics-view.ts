// What the group coordinator must know of topics, from the cluster's image.

export interface TopicsView {
  /** `undefined` when there is no such topic. */
  partitionCount(name: string): number | undefined;
  nameOf(id: string): string | undefined;
  idOf(name: string): string | undefined;
}

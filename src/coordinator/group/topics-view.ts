// What the group coordinator must know of topics, from the cluster's image.

export interface TopicsView {
  /** `undefined` when there is no such topic. */
  partitionCount(name: string): number | undefined;
  nameOf(id: string): string | undefined;
  idOf(name: string): string | undefined;
  partitionCountOf(id: string): number | undefined;
  /** Of all topics, internal ones too. */
  names(): Iterable<string>;
  /** Of the partition's replicas, one for each whose rack is known, in the order of their names; empty where there is no such partition. */
  racks(id: string, partition: number): readonly string[];
}

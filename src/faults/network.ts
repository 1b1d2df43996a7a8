// The network between the brokers of a cluster, which can be cut in two. It stands between each broker and the metadata store, and around
// each broker's handlers; brokers know nothing of it. The side that is cut off sees no change of the cluster and makes none, and neither
// side answers requests of the other's brokers. Clients reach both (see cut-off-broker.ts for what they find there).

import { CloseConnection } from "../api/handler.ts";
import type { Services } from "../api/services.ts";
import type { Change, ClusterImage } from "../cluster/image.ts";
import type { Interceptor } from "../server/interceptors.ts";
import type { MetadataStore } from "../storage/metadata-store.ts";
import { CutOffBroker } from "./cut-off-broker.ts";
import { SeveredMetadata } from "./severed-metadata.ts";

/** Ids of the brokers that are cut off from all others. */
export type Cut = ReadonlySet<number>;

export class Network {
  /** The cluster as the majority sees it. */
  readonly #image: () => ClusterImage;
  readonly #views = new Map<number, SeveredMetadata<Change>>();
  readonly #services = new Map<number, Services>();
  readonly #cutOff = new Map<number, CutOffBroker>();
  readonly #cuts = new Set<Cut>();

  constructor(image: () => ClusterImage) {
    this.#image = image;
  }

  /** What a broker is given for the store. */
  metadataFor(brokerId: number, store: MetadataStore<Change>): MetadataStore<Change> {
    const view = new SeveredMetadata(store, () => this.#cutOff.get(brokerId)?.giveUp(this.#image()));
    this.#views.set(brokerId, view);
    return view;
  }

  /** What stands in the dispatch of one broker. */
  interceptor(services: Services): Interceptor {
    const { brokerId } = services;
    const cuts = this.#cuts;
    this.#services.set(brokerId, services);
    return {
      get defers() {
        return cuts.size > 0;
      },
      intercept: (exchange, proceed) => {
        if (cuts.size === 0) return proceed();
        if (this.#isFromOtherSide(exchange.context.connection.brokerId, brokerId))
          throw new CloseConnection("a fault cut the network between brokers");
        return this.#cutOff.get(brokerId)?.answer(exchange, proceed) ?? proceed();
      },
    };
  }

  isCutOff(brokerId: number): boolean {
    return this.#cutOff.has(brokerId);
  }

  /** The cluster has still to take the brokers for gone. */
  cut(brokerIds: readonly number[]): Cut {
    const cut = new Set(brokerIds);
    this.#cuts.add(cut);
    for (const id of brokerIds) {
      const services = this.#services.get(id);
      if (services === undefined || this.#cutOff.has(id)) continue;
      this.#cutOff.set(id, new CutOffBroker(services));
      this.#views.get(id)?.sever();
    }
    return cut;
  }

  /** Gives the brokers that are back: the cluster has still to take them for there. */
  heal(cut: Cut): number[] {
    if (!this.#cuts.delete(cut)) return [];
    const back = [...cut].filter((id) => ![...this.#cuts].some((other) => other.has(id)));
    for (const id of back) {
      const broker = this.#cutOff.get(id);
      this.#cutOff.delete(id);
      this.#views.get(id)?.join();
      broker?.join();
    }
    return back;
  }

  #isFromOtherSide(callerId: number | undefined, brokerId: number): boolean {
    return callerId !== undefined && [...this.#cuts].some((cut) => cut.has(callerId) !== cut.has(brokerId));
  }
}

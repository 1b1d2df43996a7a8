// The schema registry at a broker: for the room of HTTP another one who answers on its ports, for other brokers who takes their changes where this one
// writes the registry's topic. Loaded with the first request of either, in the build from a file of its own.

import { Errors } from "../../protocol/errors.ts";
import { envelope } from "../../protocol/messages/index.ts";
import { type Handler, InTurn, serve } from "../api/handler.ts";
import type { Services } from "../api/services.ts";
import type { Neighbour, NeighbourAnswer, NeighbourRequest } from "../http/neighbour.ts";
import { DEFAULT_TYPE } from "../registry/http/content-types.ts";
import { isRegistryPath } from "../registry/http/paths.ts";
import type { KeptRegistry } from "../registry/kept-registry.ts";
import { SCHEMAS_TOPIC } from "../registry/topic-name.ts";
import type { Access } from "../security/access.ts";
import type { Permission } from "../security/permission.ts";

export class RegistrySide implements Neighbour {
  readonly owns = isRegistryPath;
  /** What other brokers pass on (Envelope). Clients are not told that there is such an API. */
  readonly passedOn: Handler;
  #registry: Promise<KeptRegistry> | undefined;

  constructor() {
    this.passedOn = serve(envelope, "0", [], (services, { requestData }, { connection }) => {
      if (connection.brokerId === undefined) return { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED };
      return new InTurn(this.#of(services).then((registry) => registry.answerPassedOn(requestData)));
    });
  }

  async answer(services: Services, request: NeighbourRequest, access: Access<Permission>): Promise<NeighbourAnswer> {
    const registry = await this.#of(services);
    return registry.answer(request, (operation) => access.permits(`${operation} TOPIC`, SCHEMAS_TOPIC));
  }

  refusal(status: number, detail: string): NeighbourAnswer {
    return { status, headers: { "content-type": DEFAULT_TYPE }, body: JSON.stringify({ error_code: status, message: detail }) };
  }

  #of(services: Services): Promise<KeptRegistry> {
    this.#registry ??= import("../registry/kept-registry.ts").then(({ KeptRegistry }) => new KeptRegistry(services));
    return this.#registry;
  }
}

// Changes of the registry on their way to the broker that writes its topic: in the Envelope in which Kafka's brokers pass requests of clients on, as JSON.
// They come from brokers that have proved who they are, and that have asked whether the client may do it.

import { Errors } from "../../protocol/errors.ts";
import { envelope } from "../../protocol/messages/58-envelope.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import type { Peers } from "../cluster/peers.ts";
import type { RegistryAnswer, RegistryRequest } from "./http/exchange.ts";

const VERSION = 0;

export type Passed = EncodableMessage<typeof envelope.response>;

/** `undefined` where that broker does not answer, or is not the one that writes. */
export async function passOn(peers: Peers, writer: number, request: RegistryRequest): Promise<RegistryAnswer | undefined> {
  const { method, path, query, headers, body } = request;
  const requestData = Buffer.from(JSON.stringify({ method, path, query, headers, body } satisfies RegistryRequest));
  const passed = { requestData, requestPrincipal: null, clientHostAddress: Buffer.alloc(0) };
  const answer: DecodedMessage<typeof envelope.response> | undefined = await peers.call(writer, envelope, VERSION, passed);
  return answer?.errorCode === Errors.NONE && answer.responseData !== null ? JSON.parse(answer.responseData.toString()) : undefined;
}

/** At the other end; `answer` gives `undefined` where it is not the one that writes. */
export async function takePassedOn(
  requestData: Buffer,
  answer: (request: RegistryRequest) => Promise<RegistryAnswer | undefined>,
): Promise<Passed> {
  const answered = await answer(JSON.parse(requestData.toString()));
  if (answered === undefined) return { errorCode: Errors.NOT_CONTROLLER };
  return { errorCode: Errors.NONE, responseData: Buffer.from(JSON.stringify(answered)) };
}

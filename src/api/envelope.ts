// Envelope (key 58, KIP-590): another broker passes on what a client asked it for, and this broker has to answer. Brokers that have proved who they
// are may do so, nobody else; no client is told of it. The principal is the text of it, where Kafka has a message.

import { Errors } from "../../protocol/errors.ts";
import { envelope as envelopeApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { type Handler, InTurn, serve } from "./handler.ts";
import { answerQuestion, isQuestion } from "./peer-questions.ts";
import type { Services } from "./services.ts";

/** @param without answers what comes without a principal and is no question of ours (peer-questions.ts) */
export function envelope(without: Handler): Handler {
  const handleEither: Handler["handle"] = (services, request, context) => {
    const { requestPrincipal, requestData } = request;
    const isOurs = requestPrincipal !== null || (Buffer.isBuffer(requestData) && isQuestion(requestData));
    return (isOurs ? passedOn : without).handle(services, request, context);
  };
  return { ...passedOn, handle: handleEither };
}

const passedOn = serve(envelopeApi, "0", [], (services, request, { connection }) => {
  if (connection.brokerId === undefined) return { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED };
  return request.requestPrincipal === null ? answerQuestion(services, request.requestData) : new InTurn(answerTo(services, request));
});

async function answerTo(
  { askFor, logger }: Services,
  { requestData, requestPrincipal, clientHostAddress }: DecodedMessage<typeof envelopeApi.request>,
): Promise<EncodableMessage<typeof envelopeApi.response>> {
  const client = { principal: String(requestPrincipal), remoteAddress: clientHostAddress.toString() };
  try {
    return { responseData: (await askFor(client, requestData)) ?? null, errorCode: Errors.NONE };
  } catch (error) {
    logger.warn({ err: error }, "could not answer what a broker passed on");
    return { errorCode: Errors.INVALID_REQUEST };
  }
}

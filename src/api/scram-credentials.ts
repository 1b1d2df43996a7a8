// DescribeUserScramCredentials and AlterUserScramCredentials (keys 50 and 51, KIP-554). A request alters a user at most once; each user
// has a result. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import {
  alterUserScramCredentials as alterUserScramCredentialsApi,
  describeUserScramCredentials as describeUserScramCredentialsApi,
} from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { type Change, type ClusterImage, scramKey } from "../cluster/image.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { decideScram, scramFault } from "../cluster/scram-credentials.ts";
import { serve } from "./handler.ts";

export const describeUserScramCredentials = serve(describeUserScramCredentialsApi, "0", (services, request) => {
  const credentials = [...services.cluster.image.scramCredentials.values()];
  const asked =
    request.users === null || request.users.length === 0 ? credentials.map(({ user }) => user) : request.users.map(({ name }) => name);
  const mayRepeat = request.users === null || request.users.length === 0;
  const results = [...new Set(asked)].map((user) => {
    const refused = (errorCode: number, errorMessage: string) => ({ user, errorCode, errorMessage, credentialInfos: [] });
    if (!mayRepeat && asked.filter((name) => name === user).length > 1) {
      return refused(Errors.DUPLICATE_RESOURCE, `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`);
    }
    const own = credentials.filter((credential) => credential.user === user);
    if (own.length === 0) return refused(Errors.RESOURCE_NOT_FOUND, `Attempt to describe a user credential that does not exist: ${user}`);
    return {
      user,
      errorCode: Errors.NONE,
      errorMessage: "",
      credentialInfos: own.map(({ mechanism, iterations }) => ({ mechanism, iterations })),
    };
  });
  return { errorCode: Errors.NONE, errorMessage: "", results };
});

type Request = DecodedMessage<typeof alterUserScramCredentialsApi.request>;

const REPEATED: Refusal = { error: Errors.DUPLICATE_RESOURCE, message: "A user credential cannot be altered twice in the same request" };

export const alterUserScramCredentials = serve(alterUserScramCredentialsApi, "0", async (services, request) => {
  const users = [...request.deletions, ...request.upsertions].map(({ name }) => name);
  const outcomes = await services.cluster.transact((image) => {
    const result = [...new Set(users)].map((user) => {
      const isRepeated = users.filter((name) => name === user).length > 1;
      return { user, outcome: isRepeated ? REPEATED : decide(image, request, user) };
    });
    const changes = result.flatMap(({ outcome }) => (isRefusal(outcome) ? [] : [outcome]));
    return { changes, result };
  });
  for (const { user, outcome } of outcomes) if (!isRefusal(outcome)) services.logger.info({ user }, "altered a user's SCRAM credentials");
  const results = outcomes.map(({ user, outcome }) => {
    const refusal = isRefusal(outcome) ? outcome : undefined;
    return { user, errorCode: refusal?.error ?? Errors.NONE, errorMessage: refusal?.message ?? null };
  });
  return { results };
});

function decide(image: ClusterImage, { deletions, upsertions }: Request, user: string): Change | Refusal {
  const upsertion = upsertions.find(({ name }) => name === user);
  if (upsertion !== undefined) {
    const credential = decideScram({ ...upsertion, user });
    return isRefusal(credential) ? credential : { type: "scramCredential", ...credential };
  }
  const mechanism = deletions.find(({ name }) => name === user)?.mechanism ?? 0;
  const fault = scramFault({ user, mechanism });
  if (fault !== undefined) return fault;
  if (image.scramCredentials.has(scramKey({ user, mechanism }))) return { type: "scramCredentialDeleted", user, mechanism };
  return { error: Errors.RESOURCE_NOT_FOUND, message: "Attempt to delete a user credential that does not exist" };
}

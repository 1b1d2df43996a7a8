// DescribeUserScramCredentials and AlterUserScramCredentials (keys 50 and 51, KIP-554). A request alters a user at most once; each user
// has a result. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import {
  alterUserScramCredentials as alterUserScramCredentialsApi,
  describeUserScramCredentials as describeUserScramCredentialsApi,
} from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { repeated } from "../base/repeated.ts";
import { exceedsBatch, TOO_MANY_CHANGES } from "../cluster/batch-limit.ts";
import { type Change, type ClusterImage, scramKey } from "../cluster/image.ts";
import { isRefusal, type Refusal } from "../cluster/refusal.ts";
import { decideScram, type ScramWish, scramFault } from "../cluster/scram-credentials.ts";
import { serve } from "./handler.ts";
import { lackingOnCluster } from "./unauthorized.ts";

export const describeUserScramCredentials = serve(
  describeUserScramCredentialsApi,
  "0",
  ["DESCRIBE CLUSTER"],
  (services, request, { access }) => {
    if (!access.permitsOnCluster("DESCRIBE CLUSTER")) {
      // Whom the client asked about it is not told back, as by Kafka.
      const unnamed = { user: "", errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, errorMessage: null };
      const results = (request.users ?? []).map(() => ({ ...unnamed, credentialInfos: [] }));
      return { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, errorMessage: null, results };
    }
    const byUser = Map.groupBy(services.cluster.image.scramCredentials.values(), ({ user }) => user);
    const named = (request.users ?? []).map(({ name }) => name);
    const twice = repeated(named);
    const results = [...(named.length === 0 ? byUser.keys() : new Set(named))].map((user) => {
      const refused = (errorCode: number, errorMessage: string) => ({ user, errorCode, errorMessage, credentialInfos: [] });
      if (twice.has(user)) {
        return refused(Errors.DUPLICATE_RESOURCE, `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`);
      }
      const own = byUser.get(user);
      if (own === undefined)
        return refused(Errors.RESOURCE_NOT_FOUND, `Attempt to describe a user credential that does not exist: ${user}`);
      return {
        user,
        errorCode: Errors.NONE,
        errorMessage: "",
        credentialInfos: own.map(({ mechanism, iterations }) => ({ mechanism, iterations })),
      };
    });
    return { errorCode: Errors.NONE, errorMessage: "", results };
  },
);

type Request = DecodedMessage<typeof alterUserScramCredentialsApi.request>;

const REPEATED: Refusal = { error: Errors.DUPLICATE_RESOURCE, message: "A user credential cannot be altered twice in the same request" };

export const alterUserScramCredentials = serve(
  alterUserScramCredentialsApi,
  "0",
  ["ALTER CLUSTER"],
  async (services, request, { access }) => {
    const byUser = Map.groupBy(alterationsOf(request), ({ user }) => user);
    const lacking = access.permitsOnCluster("ALTER CLUSTER") ? undefined : lackingOnCluster(alterUserScramCredentialsApi, "ALTER");
    const outcomes = await services.cluster.transact((image) => {
      const result = [...byUser].map(([user, alterations]) => ({ user, outcome: lacking ?? decideOnly(image, alterations) }));
      const changes = result.flatMap(({ outcome }) => (isRefusal(outcome) ? [] : [outcome]));
      if (exceedsBatch(changes)) return { changes: [], result: result.map(({ user }) => ({ user, outcome: TOO_MANY_CHANGES })) };
      return { changes, result };
    });
    for (const { user, outcome } of outcomes) if (!isRefusal(outcome)) services.logger.info({ user }, "altered a user's SCRAM credentials");
    const results = outcomes.map(({ user, outcome }) => {
      const refusal = isRefusal(outcome) ? outcome : undefined;
      return { user, errorCode: refusal?.error ?? Errors.NONE, errorMessage: refusal?.message ?? null };
    });
    return { results };
  },
);

/** Without a wish: what the user has by this mechanism is deleted. */
interface Alteration {
  readonly user: string;
  readonly mechanism: number;
  readonly wish?: ScramWish;
}

function alterationsOf({ deletions, upsertions }: Request): Alteration[] {
  return [
    ...deletions.map(({ name: user, mechanism }) => ({ user, mechanism })),
    ...upsertions.map(({ name: user, ...wish }) => ({ user, mechanism: wish.mechanism, wish: { user, ...wish } })),
  ];
}

/** What is wrong with the first stands before there being others. */
function decideOnly(image: ClusterImage, [first, ...more]: readonly Alteration[]): Change | Refusal {
  const outcome = first === undefined ? REPEATED : decide(image, first);
  return isRefusal(outcome) || more.length === 0 ? outcome : REPEATED;
}

function decide(image: ClusterImage, { user, mechanism, wish }: Alteration): Change | Refusal {
  if (wish !== undefined) {
    const credential = decideScram(wish);
    return isRefusal(credential) ? credential : { type: "scramCredential", ...credential };
  }
  const fault = scramFault({ user, mechanism });
  if (fault !== undefined) return fault;
  if (image.scramCredentials.has(scramKey({ user, mechanism }))) return { type: "scramCredentialDeleted", user, mechanism };
  return { error: Errors.RESOURCE_NOT_FOUND, message: "Attempt to delete a user credential that does not exist" };
}

// How a command logs in, by the settings of Kafka's clients: sasl.mechanism and sasl.jaas.config. What is not done is refused by name;
// passwords and tokens are never shown.

import { CLIENT_MECHANISMS, type Login } from "../../client/sasl.ts";
import { MalformedJaas, parseJaas } from "../../config/jaas.ts";
import { tokenSourceOf } from "./client-token.ts";
import { FlagError } from "./flags.ts";

/** `source` is where the settings are from. Raises FlagError. */
export function loginOf(settings: ReadonlyMap<string, string>, source: string): Login {
  const name = settings.get("sasl.mechanism") ?? "GSSAPI";
  const mechanism = CLIENT_MECHANISMS.find((each) => each === name);
  if (mechanism === undefined)
    throw refused(
      source,
      `sasl.mechanism=${name} is not something that this command can do; it logs in by ${CLIENT_MECHANISMS.join(", ")}`,
    );
  const options = jaasOptions(settings.get("sasl.jaas.config"), source);
  if (mechanism === "OAUTHBEARER") return { mechanism, token: tokenSourceOf(settings, options, source) };
  const [user, password] = [options.get("username"), options.get("password")];
  if (user === undefined || password === undefined) throw refused(source, "sasl.jaas.config needs a username and a password");
  return { mechanism, user, password, isByToken: options.get("tokenauth")?.toLowerCase() === "true" };
}

function jaasOptions(text: string | undefined, source: string): ReadonlyMap<string, string> {
  if (text === undefined) throw refused(source, "sasl.jaas.config is missing, which says who logs in");
  try {
    return parseJaas(text).options;
  } catch (error) {
    if (error instanceof MalformedJaas) throw refused(source, `sasl.jaas.config is no JAAS line: ${error.message}`);
    throw error;
  }
}

function refused(source: string, what: string): FlagError {
  return new FlagError(`${source}: ${what}.`, { isTerse: true });
}

// On what terms a listener takes tokens: by which of Kafka's two validators, with what options, and by whose keys.
//
// Kafka asks in a system property of its JVM which addresses of keys may be read at all (org.apache.kafka.sasl.oauthbearer.allowed.urls), since
// clients may be configured by somebody who is not trusted. Here an address is a setting of the broker, which cannot be altered while it runs:
// it comes from whoever starts the broker, and nobody else can have anything read.

import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Clock } from "../base/clock.ts";
import { httpText } from "../base/http-text.ts";
import type { Logger } from "../base/logger.ts";
import { type BrokerConfig, type Held, heldByMechanism } from "../config/broker-config.ts";
import type { BrokerSettingName, BrokerSettingValues } from "../config/broker-settings.ts";
import type { JaasEntry } from "../config/jaas.ts";
import { listenerSettingName } from "../config/listener-settings.ts";
import { SettingError } from "../config/setting.ts";
import { invalid, parseClaims, type TokenVerdict } from "./claims.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { judgeSigned, type SignedTerms } from "./signed-tokens.ts";
import { judgeUnsecured, type UnsecuredTerms } from "./unsecured-tokens.ts";

export const OAUTHBEARER = "OAUTHBEARER";

const PACKAGE = "org.apache.kafka.common.security.oauthbearer.";
/** The second is the name that Kafka had for it before 3.4. */
const OF_SIGNED: readonly string[] = [
  `${PACKAGE}OAuthBearerValidatorCallbackHandler`,
  `${PACKAGE}secured.OAuthBearerValidatorCallbackHandler`,
];
const OF_UNSECURED = `${PACKAGE}internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`;
const VALIDATORS: readonly string[] = [`${PACKAGE}DefaultJwtValidator`, `${PACKAGE}BrokerJwtValidator`];
const PROTOCOLS: readonly string[] = ["http:", "https:", "file:"];
const URL_SETTING = "sasl.oauthbearer.jwks.endpoint.url";
const OPTION = "unsecuredValidator";
const MOST_BYTES_OF_KEYS = 1024 * 1024;
/** Between two reads over the network, whatever keys tokens name. */
const PAUSE_MS = 1000;

export interface OAuthTermsOptions {
  readonly config: BrokerConfig;
  readonly listener: string;
  /** Of the listener's JAAS line, if there is one. Throws SettingError. */
  readonly jaas: () => JaasEntry | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class OAuthTerms {
  readonly #options: OAuthTermsOptions;
  #keys: IssuerKeys | undefined;

  constructor(options: OAuthTermsOptions) {
    this.#options = options;
  }

  /** What must be right before the listener opens. Throws SettingError. */
  check(): void {
    if (!this.#isSigned()) {
      this.#unsecuredTerms();
      return;
    }
    const validator = this.#held("sasl.oauthbearer.jwt.validator.class");
    if (!VALIDATORS.includes(validator.value))
      throw fault(validator, `${validator.value} is not known here, since Java classes are not loaded; take ${VALIDATORS.join(" or ")}`);
    for (const name of ["sasl.oauthbearer.sub.claim.name", "sasl.oauthbearer.scope.claim.name"] as const)
      if (this.#held(name).value.trim() === "") throw fault(this.#held(name), "it names no claim");
    const refresh = this.#held("sasl.oauthbearer.jwks.endpoint.refresh.ms");
    if (refresh.value < 0) throw fault(refresh, `${refresh.value} is less than 0`);
    const option = [...(this.#options.jaas()?.options.keys() ?? [])].find((name) => name.startsWith("ssl."));
    if (option !== undefined)
      throw fault(
        this.#held("sasl.jaas.config"),
        `its option ${option} is not heeded; whose certificate the issuer may have is told to Node, by NODE_EXTRA_CA_CERTS`,
      );
    const url = this.#url();
    if (url.protocol === "file:") checkFile(url, this.#held(URL_SETTING));
  }

  /** Has the keys read, so that the log says soon what is wrong. */
  prepare(): void {
    const { logger, listener } = this.#options;
    if (this.#isSigned()) void this.#issuerKeys().current();
    else logger.warn({ listener }, "takes tokens that nobody has signed: whoever reaches this listener may be whoever they say");
  }

  judge(token: string): TokenVerdict | Promise<TokenVerdict> {
    return this.#isSigned() ? this.#judgeSigned(token) : judgeUnsecured(token, this.#unsecuredTerms(), this.#options.clock.now());
  }

  close(): void {
    this.#keys?.close();
  }

  async #judgeSigned(token: string): Promise<TokenVerdict> {
    const known = this.#issuerKeys();
    const keys = await known.current();
    if (keys === undefined) return invalid(`the issuer's keys could not be read from ${this.#held(URL_SETTING).value} (${URL_SETTING})`);
    let signed = await keys.claimsOf(token);
    const others = signed.kind === "unknownKey" ? await known.otherThan(keys) : undefined;
    if (others !== undefined) signed = await others.claimsOf(token);
    switch (signed.kind) {
      case "unknownKey":
        return invalid("it is signed by a key that is not among the issuer's (kid, alg)");
      case "invalid":
        return signed;
      case "signed":
        return judgeSigned(signed.claims, this.#signedTerms(), this.#options.clock.now());
    }
  }

  /** By keys of an issuer, else by nobody. Throws SettingError. */
  #isSigned(): boolean {
    const held = this.#held("sasl.server.callback.handler.class");
    if (held.value === null || held.value === OF_UNSECURED) return false;
    if (OF_SIGNED.includes(held.value)) return true;
    throw fault(
      held,
      `${held.value} is not known here, since Java classes are not loaded; take ${OF_SIGNED[0]} for signed tokens, or leave it out for unsecured ones`,
    );
  }

  #signedTerms(): SignedTerms {
    return {
      audiences: this.#held("sasl.oauthbearer.expected.audience").value,
      issuer: this.#held("sasl.oauthbearer.expected.issuer").value,
      clockSkewSeconds: this.#held("sasl.oauthbearer.clock.skew.seconds").value,
      userClaim: this.#held("sasl.oauthbearer.sub.claim.name").value.trim(),
      scopeClaim: this.#held("sasl.oauthbearer.scope.claim.name").value.trim(),
    };
  }

  #unsecuredTerms(): UnsecuredTerms {
    const options = this.#options.jaas()?.options;
    const option = (name: string) => options?.get(OPTION + name)?.trim() ?? "";
    const skew = option("AllowableClockSkewMs");
    if (!/^\d*$/.test(skew))
      throw fault(this.#held("sasl.jaas.config"), `its option ${OPTION}AllowableClockSkewMs is no number of milliseconds`);
    return {
      userClaim: option("PrincipalClaimName") || "sub",
      scopeClaim: option("ScopeClaimName") || "scope",
      requiredScope: option("RequiredScope")
        .split(/\s+/)
        .filter((each) => each !== ""),
      clockSkewMs: Number(skew),
    };
  }

  #issuerKeys(): IssuerKeys {
    const { clock, logger } = this.#options;
    const url = this.#url();
    const isFile = url.protocol === "file:";
    this.#keys ??= new IssuerKeys({
      location: url.href,
      read: isFile ? () => readFile(url, "utf8") : (signal) => httpText(url, { mostBytes: MOST_BYTES_OF_KEYS, signal }),
      // A file is as good as new only when it was just read.
      refreshMs: isFile ? 0 : this.#held("sasl.oauthbearer.jwks.endpoint.refresh.ms").value,
      pauseMs: isFile ? 0 : PAUSE_MS,
      retryBackoffMs: this.#held("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms").value,
      retryBackoffMaxMs: this.#held("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms").value,
      clock,
      logger,
    });
    return this.#keys;
  }

  /** Throws SettingError. */
  #url(): URL {
    const held = this.#held(URL_SETTING);
    const text = held.value?.trim() ?? "";
    if (text === "") {
      const name = listenerSettingName(this.#options.listener, `${OAUTHBEARER.toLowerCase()}.${URL_SETTING}`);
      const why = "it says where the issuer's keys are (http, https or file), without which no signature can be verified";
      throw new SettingError("CONFLICT", name, `${name} must be given: ${why}`, this.#held("sasl.server.callback.handler.class").place);
    }
    if (!URL.canParse(text)) throw fault(held, `${text} is no URL`);
    const url = new URL(text);
    if (!PROTOCOLS.includes(url.protocol)) throw fault(held, `${text} must begin with http, https or file`);
    return url;
  }

  #held<Name extends BrokerSettingName>(name: Name): Held<BrokerSettingValues[Name]> {
    const { config, listener } = this.#options;
    return heldByMechanism(config, { listener, mechanism: OAUTHBEARER, name });
  }
}

/** Throws SettingError. */
function checkFile(url: URL, held: Held<string | null>): void {
  try {
    const path = fileURLToPath(url);
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory()) throw new Error("it is a folder");
    const keys = parseClaims(readFileSync(path, "utf8"))?.["keys"];
    if (!Array.isArray(keys)) throw new Error("it is no JSON Web Key Set");
  } catch (error) {
    throw fault(held, `${url.href} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fault({ setting, place }: Held<unknown>, message: string): SettingError {
  return new SettingError("INVALID_VALUE", setting, `${setting}: ${message}`, place);
}

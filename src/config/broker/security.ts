// Authentication, authorization and delegation tokens.

import { bool, double, int, javaClass, list, long, password, short, str } from "../setting.ts";
import { superUsersFault } from "../super-users.ts";

const perBroker = "per-broker";

const honoured = true;
const unlisted = true;

export const securitySettings = {
  "allow.everyone.if.no.acl.found": bool(false, "Whether everybody may do everything with a resource that no access rule is about.", {
    honoured,
    unlisted,
  }),
  "authorizer.class.name": str("", "Class that decides who may do what by access rules; without it everybody may do everything.", {
    honoured,
  }),
  "delegation.token.expiry.check.interval.ms": long(3_600_000, "How often expired delegation tokens are removed.", { min: 1, honoured }),
  "delegation.token.expiry.time.ms": long(86_400_000, "How long a delegation token is valid without being renewed.", { min: 1, honoured }),
  "delegation.token.max.lifetime.ms": long(604_800_000, "Age beyond which a delegation token cannot be renewed.", { min: 1, honoured }),
  "delegation.token.secret.key": password("Secret with which delegation tokens are made and checked.", { honoured }),
  "principal.builder.class": javaClass(
    "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder",
    "Class that makes a principal of what a connection authenticated with.",
    {
      dynamic: perBroker,
    },
  ),
  "sasl.client.callback.handler.class": javaClass(null, "Class that gives a SASL client its credentials."),
  "sasl.enabled.mechanisms": list(["GSSAPI"], "SASL mechanisms that clients may use.", { honoured, dynamic: perBroker }),
  "sasl.jaas.config": password("Login context of SASL, in the format of JAAS files; of one mechanism on one listener.", {
    honoured,
    dynamic: perBroker,
  }),
  "sasl.kerberos.kinit.cmd": str("/usr/bin/kinit", "Path of Kerberos' kinit command.", { dynamic: perBroker }),
  "sasl.kerberos.min.time.before.relogin": long(60_000, "Shortest pause of the Kerberos login between two renewals, in milliseconds.", {
    dynamic: perBroker,
  }),
  "sasl.kerberos.principal.to.local.rules": list(
    ["DEFAULT"],
    "Rules that turn Kerberos principals into short names, the first that fits being taken.",
    { dynamic: perBroker },
  ),
  "sasl.kerberos.service.name": str(null, "Name of the Kerberos principal under which brokers run.", { dynamic: perBroker }),
  "sasl.kerberos.ticket.renew.jitter": double(0.05, "Random share of the time until a Kerberos ticket is renewed that is added to it.", {
    dynamic: perBroker,
  }),
  "sasl.kerberos.ticket.renew.window.factor": double(0.8, "Share of a Kerberos ticket's lifetime after which it is renewed.", {
    dynamic: perBroker,
  }),
  "sasl.login.callback.handler.class": javaClass(null, "Class that gives a SASL login its credentials."),
  "sasl.login.class": javaClass(null, "Class that logs in to SASL."),
  "sasl.login.connect.timeout.ms": int(null, "How long a connection to the OAuth provider may take to be made."),
  "sasl.login.read.timeout.ms": int(null, "How long the OAuth provider may take to answer."),
  "sasl.login.refresh.buffer.seconds": short(300, "Time before a credential's expiry by which it should have been refreshed.", {
    dynamic: perBroker,
  }),
  "sasl.login.refresh.min.period.seconds": short(60, "Shortest time until a credential is refreshed.", { dynamic: perBroker }),
  "sasl.login.refresh.window.factor": double(0.8, "Share of a credential's lifetime after which it is refreshed.", { dynamic: perBroker }),
  "sasl.login.refresh.window.jitter": double(
    0.05,
    "Largest random share of a credential's lifetime that is added to the time of its refresh.",
    { dynamic: perBroker },
  ),
  "sasl.login.retry.backoff.max.ms": long(10_000, "Longest pause between attempts to log in at the OAuth provider."),
  "sasl.login.retry.backoff.ms": long(100, "Pause after the first failed attempt to log in at the OAuth provider."),
  "sasl.mechanism.controller.protocol": str("GSSAPI", "SASL mechanism with which brokers talk to controllers."),
  "sasl.mechanism.inter.broker.protocol": str("GSSAPI", "SASL mechanism with which brokers talk to each other.", { dynamic: perBroker }),
  "sasl.oauthbearer.assertion.algorithm": str("RS256", "Algorithm that signs the JWT assertion for the OAuth provider.", {
    oneOf: ["ES256", "RS256"],
    ignoreCase: true,
  }),
  "sasl.oauthbearer.assertion.claim.aud": str(null, "Audience (aud) that the JWT assertion claims."),
  "sasl.oauthbearer.assertion.claim.exp.seconds": int(300, "Seconds from now until the JWT assertion expires (exp).", {
    min: 0,
    max: 86_400,
  }),
  "sasl.oauthbearer.assertion.claim.iss": str(null, "Issuer (iss) that the JWT assertion claims."),
  "sasl.oauthbearer.assertion.claim.jti.include": bool(false, "Gives each JWT assertion a number of its own (jti)."),
  "sasl.oauthbearer.assertion.claim.nbf.seconds": int(60, "Seconds before now from which the JWT assertion is valid (nbf).", {
    min: 0,
    max: 3600,
  }),
  "sasl.oauthbearer.assertion.claim.sub": str(null, "Subject (sub) that the JWT assertion claims."),
  "sasl.oauthbearer.assertion.file": str(null, "File with a JWT assertion that is already signed."),
  "sasl.oauthbearer.assertion.private.key.file": str(null, "File with the private key that signs the JWT assertion."),
  "sasl.oauthbearer.assertion.private.key.passphrase": password("Passphrase of the private key that signs the JWT assertion."),
  "sasl.oauthbearer.assertion.template.file": str(null, "File with headers and claims that each JWT assertion starts from."),
  "sasl.oauthbearer.client.credentials.client.id": str(null, "Id under which a client asks the OAuth provider for a token."),
  "sasl.oauthbearer.client.credentials.client.secret": password("Secret with which a client asks the OAuth provider for a token."),
  "sasl.oauthbearer.clock.skew.seconds": int(30, "How far the clocks of OAuth provider and broker may be apart.", { honoured }),
  "sasl.oauthbearer.expected.audience": list([], "Audiences of which a token must be meant for one.", { honoured }),
  "sasl.oauthbearer.expected.issuer": str(null, "Issuer that a token must come from.", { honoured }),
  "sasl.oauthbearer.jwks.endpoint.refresh.ms": long(3_600_000, "How often the OAuth provider's keys are fetched anew.", { honoured }),
  "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms": long(
    10_000,
    "Longest pause between attempts to fetch the OAuth provider's keys.",
    { honoured },
  ),
  "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms": long(100, "Pause after the first failed attempt to fetch the OAuth provider's keys.", {
    honoured,
  }),
  "sasl.oauthbearer.jwks.endpoint.url": str(null, "Address of the OAuth provider's keys.", { honoured }),
  "sasl.oauthbearer.jwt.retriever.class": javaClass(
    "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
    "Class that fetches tokens.",
  ),
  "sasl.oauthbearer.jwt.validator.class": javaClass(
    "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator",
    "Class that checks tokens.",
    { honoured },
  ),
  "sasl.oauthbearer.scope": str(null, "Scope for which a token is asked."),
  "sasl.oauthbearer.scope.claim.name": str("scope", "Claim of a token that holds its scope.", { honoured }),
  "sasl.oauthbearer.sub.claim.name": str("sub", "Claim of a token that holds its subject.", { honoured }),
  "sasl.oauthbearer.token.endpoint.url": str(null, "Address at which the OAuth provider gives out tokens."),
  "sasl.server.callback.handler.class": javaClass(null, "Class that checks credentials, of one listener and mechanism.", { honoured }),
  "sasl.server.max.receive.size": int(524_288, "Most bytes that a client may send before and while it authenticates.", {
    honoured,
  }),
  "super.users": str("", "Principals that may do everything, as User:alice;User:bob.", {
    honoured,
    unlisted,
    check: (value) => superUsersFault(String(value)),
  }),
  "security.inter.broker.protocol": str("PLAINTEXT", "Security protocol with which brokers talk to each other: the name of the listener.", {
    honoured,
    oneOf: ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
  }),
  "security.providers": str(null, "Classes that bring further security algorithms to the JVM."),
};

// What a test has of a broker that was started with `tls`: whom clients are to trust, and certificates of their own for them.

import { systemClock } from "../base/system-clock.ts";
import type { CertificateAuthority, KeyAndCertificate } from "../security/certificate-authority.ts";

export class TlsKit {
  readonly #authority: CertificateAuthority;

  constructor(authority: CertificateAuthority) {
    this.#authority = authority;
  }

  /** The certificate, in PEM, of the authority that issued what the broker shows. */
  get ca(): string {
    return this.#authority.certificate;
  }

  /**
   * A key and a certificate, in PEM, for a client that is to show one: with the setting ssl.client.auth "required" or "requested" it is
   * "User:CN=" and the name, unless ssl.principal.mapping.rules say otherwise.
   */
  clientCertificate(name: string): KeyAndCertificate {
    if (name === "") throw new RangeError("a certificate is for somebody: give a name");
    return this.#authority.forClient(name, systemClock.now());
  }
}

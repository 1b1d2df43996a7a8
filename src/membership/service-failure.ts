// What is wrong with a service that a cluster of machines stands on, for whoever starts one of its brokers.

/** It cannot be used. */
export class ServiceFailure extends Error {
  override readonly name = "ServiceFailure";
  /** That names it. */
  readonly setting: "diskless.cluster" | "diskless.objects";
  /** For people, without passwords. */
  readonly service: string;

  /** @param reason what comes after "cannot be used: " */
  constructor(setting: ServiceFailure["setting"], service: string, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.setting = setting;
    this.service = service;
  }
}

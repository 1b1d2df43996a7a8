// Names of cipher suites: settings have Java's, which are those of the standard (TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), OpenSSL has its own
// for TLS 1.2 (ECDHE-RSA-AES128-GCM-SHA256). Those of TLS 1.3 are called the same by both.

/** `known` is what node:tls has, in lower case. `undefined` for a name that is none of them. */
export function openSslCipher(name: string, known: readonly string[]): string | undefined {
  const candidate = name.includes("_WITH_") ? translated(name) : name;
  return known.includes(candidate.toLowerCase()) ? candidate : undefined;
}

function translated(name: string): string {
  const [exchange = "", cipher = ""] = name.replace(/^(TLS|SSL)_/, "").split("_WITH_");
  const keys = exchange === "RSA" ? "" : `${exchange.replaceAll("_", "-")}-`;
  const bulk = cipher
    .replace(/^AES_(\d+)_CBC_/, "AES$1-")
    .replace(/^AES_(\d+)_/, "AES$1-")
    // The only hash that there is for it goes without saying.
    .replace(/^(CHACHA20_POLY1305)_SHA256$/, "$1")
    .replace(/(CCM(?:_8)?)_SHA256$/, "$1")
    .replace("CCM_8", "CCM8");
  return keys + bulk.replaceAll("_", "-");
}

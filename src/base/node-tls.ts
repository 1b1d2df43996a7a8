// node:tls is loaded when somebody first asks for it: what does without TLS does not pay for it.

export function nodeTls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}

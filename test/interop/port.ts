// Where brokers under test listen. INTEROP_PORT_OFFSET moves all of them, so that scenarios of two checkouts run side by side.

export function port(usual: number): number {
  return usual + Number(process.env["INTEROP_PORT_OFFSET"] ?? 0);
}

// Addresses as Java prints them, which is how access rules and descriptions of groups carry them: an IPv6 address in all its eight groups,
// without zeros in front and without "::".

const GROUPS = 8;

/** "::1" is "0:0:0:0:0:0:0:1"; an IPv4 address is as it is. */
export function hostAddress(address: string): string {
  if (!address.includes(":")) return address;
  const [groups = "", zone] = address.split("%");
  const [before = "", after] = groups.split("::");
  const split = (part: string) => (part === "" ? [] : part.split(":"));
  const [first, last] = [split(before), split(after ?? "")];
  const zeros = after === undefined ? [] : Array<string>(Math.max(0, GROUPS - first.length - last.length)).fill("0");
  const printed = [...first, ...zeros, ...last].map((group) => group.replace(/^0+(?=.)/, "")).join(":");
  return zone === undefined ? printed : `${printed}%${zone}`;
}

/** Of an IPv4 address in IPv6's clothes. */
export function withoutMappedPrefix(address: string): string {
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}

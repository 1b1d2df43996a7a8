// Which paths are the registry's where others answer on the same port. Apart from the endpoints, which are loaded when one of them is asked for.

/** What their paths begin with. */
export const FIRST_PARTS: readonly string[] = ["subjects", "schemas", "config", "mode", "compatibility", "contexts", "v1"];

export function isRegistryPath(method: string, path: string): boolean {
  const [first = ""] = path.split("/").filter((part) => part !== "");
  return first === "" ? method === "POST" : FIRST_PARTS.includes(first);
}

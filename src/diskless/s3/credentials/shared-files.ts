// The files that AWS's tools share: ~/.aws/credentials and ~/.aws/config, of which a profile is a section. Of settings that are nested (indented
// below a name without a value) none concerns us.

import { join } from "node:path";
import { homeFolder, type Surroundings, textOfFile, variable } from "./surroundings.ts";

export type Profile = ReadonlyMap<string, string>;

export interface Profiles {
  /** AWS_PROFILE, or "default". */
  readonly chosen: string;
  readonly byName: ReadonlyMap<string, Profile>;
}

export async function readProfiles(surroundings: Surroundings): Promise<Profiles> {
  const folder = join(homeFolder(surroundings), ".aws");
  const config = await textOfFile(variable(surroundings, "AWS_CONFIG_FILE") ?? join(folder, "config"));
  const credentials = await textOfFile(variable(surroundings, "AWS_SHARED_CREDENTIALS_FILE") ?? join(folder, "credentials"));
  const byName = new Map<string, Map<string, string>>();
  for (const [section, values] of sectionsOf(config ?? "")) {
    const name = section === "default" ? section : /^profile\s+["']?(.+?)["']?$/.exec(section)?.[1];
    if (name !== undefined) byName.set(name, new Map(values));
  }
  // Where both files have a setting, that of the credentials holds.
  for (const [name, values] of sectionsOf(credentials ?? "")) byName.set(name, new Map([...(byName.get(name) ?? []), ...values]));
  return { chosen: variable(surroundings, "AWS_PROFILE") ?? "default", byName };
}

function sectionsOf(text: string): ReadonlyMap<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*([^\]]+?)\s*\]\s*(?:[#;].*)?$/.exec(line)?.[1]?.replace(/\s+/g, " ");
    if (section !== undefined) {
      current = sections.get(section) ?? new Map();
      sections.set(section, current);
      continue;
    }
    const [, name, value] = /^([^\s#;=[][^=]*?)\s*=\s*(.*?)(?:\s+[#;].*)?\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && value !== "") current?.set(name.toLowerCase(), value);
  }
  return sections;
}

// Refuses, when it is loaded, to run on a Node that is too old: the first file of the package for who imports it, so that this is said
// before something that the old one lacks is missed, in some request, much later.

const OLDEST = "22.15";

/** What is wrong with a version of Node, or `undefined`. */
export function nodeFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST.split(".").map(Number);
  const isTooOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  return isTooOld ? `odradek: Node ${OLDEST} or newer is needed; this is Node ${version}.` : undefined;
}

const fault = nodeFault(process.versions.node);
if (fault !== undefined) throw new Error(fault);

// Descriptors, of which a process may have only so many: connections and files share them. Neither may take so many that the other has none.

/** Of all that the process may have. */
const CONNECTIONS_SHARE = 1 / 2;
const FILES_SHARE = 1 / 4;

export interface DescriptorShares {
  readonly connections: number;
  readonly files: number;
}

/** Takes some milliseconds: to be asked when there are many connections or files, and once. Without a limit they are infinite. */
export function descriptorShares(): DescriptorShares {
  const limit = descriptorLimit();
  return { connections: Math.floor(limit * CONNECTIONS_SHARE), files: Math.floor(limit * FILES_SHARE) };
}

/** What @types/node does not know of it. */
interface Report {
  excludeNetwork?: boolean;
  getReport(): { readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } } };
}

/** As the system has it for this process now; none on Windows. */
function descriptorLimit(): number {
  const report: Report = process.report;
  const before = report.excludeNetwork;
  // Asking who is at the other end of every connection may take seconds.
  report.excludeNetwork = true;
  const { userLimits } = report.getReport();
  report.excludeNetwork = before ?? false;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" && soft > 0 ? soft : Number.POSITIVE_INFINITY;
}

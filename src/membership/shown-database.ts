// Addresses of databases as they are shown.

/** Of an address with which one logs in to a database, what may be shown. */
export function shownDatabase(url: string): string {
  if (!URL.canParse(url)) return "postgres";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

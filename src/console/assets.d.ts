// What vite makes of an import whose path ends so: the address of a file.

declare module "*?worker&url" {
  const url: string;
  export default url;
}

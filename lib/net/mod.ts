export type { Link, LinkReceiver, Peer } from "./link.ts";
export { dialUnix, type DialUnixOptions, type Listener, listenUnix, type ListenUnixOptions } from "./unix.ts";

import type { NodeFacts } from "./node_record.ts";
import { formatAddress, parseAddress, type SocketAddress } from "./socket_address.ts";

/** Where a node of the cluster may be found. */
export interface Contact {
  /** Its gossip port. */
  readonly gossip: SocketAddress;
  /** Of its agent, for streams; undefined where nobody said. */
  readonly nodePort: number | undefined;
}

const PORT = /^[1-9][0-9]{0,4}$/;
const PORT_MAX = 65_535;

/** Where the node with these facts may be found. */
export function contactOf({ addresses, gossipPort, nodePort }: NodeFacts): Contact {
  return { gossip: { host: addresses[0]!, port: gossipPort }, nodePort: nodePort === 0 ? undefined : nodePort };
}

/** "192.0.2.7:9044/9043": the host, its gossip port and its node port; the last is left out where it is not known. */
export function formatContact({ gossip, nodePort }: Contact): string {
  return nodePort === undefined ? formatAddress(gossip) : `${formatAddress(gossip)}/${nodePort}`;
}

/** Reads HOST:PORT or HOST:PORT/NODEPORT; undefined for anything else. */
export function parseContact(text: string): Contact | undefined {
  const [address = "", port, ...more] = text.split("/");
  const gossip = parseAddress(address);
  const isPort = port === undefined || (PORT.test(port) && Number(port) <= PORT_MAX);
  if (gossip === undefined || !isPort || more.length > 0) return undefined;
  return { gossip, nodePort: port === undefined ? undefined : Number(port) };
}

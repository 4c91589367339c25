import { execFileSync } from "node:child_process";
import { BINARY } from "./machine.ts";

/** Network namespaces of the tests have names that nobody else's have. */
const PREFIX = "celltest";

/** Why this process cannot make networks of its own; undefined when it can. */
export function whyNoLan(): string | undefined {
  if (process.geteuid?.() !== 0) return "network namespaces need root";
  const probe = `${PREFIX}-${process.pid}-probe`;
  try {
    ip("netns", "add", probe);
    ip("netns", "del", probe);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message.split("\n")[0]}`;
  }
}

/** One machine of a `Lan`. */
export interface LanHost {
  readonly address: string;
  /** Runs the binary under test on it: `command` of `Machine.cell`. */
  readonly command: string[];
}

/**
 * Hosts on one Ethernet, each in a network namespace of its own, joined by a bridge in one more: broadcasts and multicasts
 * reach all of them and nothing else. Needs root.
 */
export class Lan implements Disposable {
  readonly hosts: LanHost[] = [];
  readonly #bridge: string;
  readonly #namespaces: string[] = [];

  constructor(hostCount: number) {
    const id = `${PREFIX}-${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
    this.#bridge = `${id}-br`;
    try {
      this.#add(this.#bridge);
      ip("-n", this.#bridge, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
      ip("-n", this.#bridge, "link", "set", "br0", "up");
      for (let number = 1; number <= hostCount; number++) this.#addHost(`${id}-${number}`, number);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Pulls the cable out of a host. */
  disconnect(index: number): void {
    ip("-n", this.#bridge, "link", "set", `port${index + 1}`, "down");
  }

  /** Puts it back. */
  connect(index: number): void {
    ip("-n", this.#bridge, "link", "set", `port${index + 1}`, "up");
  }

  /** Gives a host another address on the same Ethernet. */
  readdress(index: number, address: string): void {
    const namespace = this.#namespaces[index + 1]!;
    ip("-n", namespace, "addr", "flush", "dev", "eth0");
    ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0");
    ip("-n", namespace, "route", "add", "default", "dev", "eth0");
  }

  [Symbol.dispose](): void {
    // Their interfaces go with them.
    for (const namespace of this.#namespaces.reverse()) ip("netns", "del", namespace);
    this.#namespaces.length = 0;
  }

  #addHost(namespace: string, number: number): void {
    this.#add(namespace);
    const address = `10.42.0.${number}`;
    const port = `port${number}`;
    ip("-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", this.#bridge);
    ip("-n", this.#bridge, "link", "set", port, "master", "br0", "up");
    ip("-n", namespace, "link", "set", "lo", "up");
    ip("-n", namespace, "link", "set", "eth0", "up");
    ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0");
    // Multicast has to have a way out.
    ip("-n", namespace, "route", "add", "default", "dev", "eth0");
    this.hosts.push({ address, command: ["ip", "netns", "exec", namespace, BINARY] });
  }

  #add(namespace: string): void {
    ip("netns", "add", namespace);
    this.#namespaces.push(namespace);
  }
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

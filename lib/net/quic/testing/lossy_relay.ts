import { assert, seededRandom } from "../../../base/mod.ts";

/** What a relay does to datagrams; each direction for itself. */
export interface Weather {
  /** One way. @default 0 */
  delayMs?: number;
  /** Share that never arrives, 0 to 1. @default 0 */
  loss?: number;
  /**
   * Of one direction no more than so many in a row are lost: who tries again after twice as long each time gets through
   * while somebody still waits. @default Infinity
   */
  lossRunMax?: number;
  /** Share that arrives after later ones: it takes half as long again, and 2 ms. @default 0 */
  reorder?: number;
  /** Share that arrives twice. @default 0 */
  duplicate?: number;
  /** @default 1 */
  seed?: number;
}

/** Datagrams under way at once; beyond it they are lost, as in a router. */
export const UNDER_WAY_MAX = 64 * 1024;

/** A datagram under way. */
interface Parcel {
  readonly dueMs: number;
  readonly bytes: Uint8Array;
  readonly deliver: (bytes: Uint8Array) => void;
}

/** How many datagrams of one direction were lost since one arrived. */
interface Way {
  lossRun: number;
}

/** One client of the relay: the address that it sends from here, and the socket that stands for it at the server. */
interface Client {
  readonly reply: (bytes: Uint8Array) => void;
  socket: Bun.udp.ConnectedSocket<"uint8array">;
}

/**
 * A UDP relay in this process that loses, delays, repeats and reorders what passes, by seeded chance: clients connect to
 * its `port` and reach the server behind it.
 */
export class LossyRelay {
  /** What happens to datagrams from now on. */
  weather: Weather;
  /** Datagrams that were given to the relay, and those of them that it lost. */
  passed = 0;
  lost = 0;
  private readonly random: () => number;
  private readonly clients = new Map<string, Client>();
  private readonly underWay: Parcel[] = [];
  private readonly ways = { toServer: { lossRun: 0 }, toClient: { lossRun: 0 } };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private front!: Bun.udp.Socket<"uint8array">;
  private isClosed = false;

  private constructor(private readonly serverPort: number, weather: Weather) {
    this.weather = weather;
    this.random = seededRandom(weather.seed ?? 1);
  }

  /** Starts a relay in front of `serverPort` of this machine. */
  static async start(serverPort: number, weather: Weather = {}): Promise<LossyRelay> {
    const relay = new LossyRelay(serverPort, weather);
    relay.front = await Bun.udpSocket({
      hostname: "127.0.0.1",
      binaryType: "uint8array",
      socket: { data: (_, bytes, port, address) => void relay.fromClient(bytes, port, address) },
    });
    return relay;
  }

  /** Where clients connect to. */
  get port(): number {
    return this.front.port;
  }

  /** From now on the server sees all clients under another address, as behind a router that has forgotten them. */
  async rebind(): Promise<void> {
    for (const client of this.clients.values()) {
      const before = client.socket;
      client.socket = await this.connect(client.reply);
      before.close();
    }
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.front.close();
    for (const { socket } of this.clients.values()) socket.close();
  }

  private async fromClient(bytes: Uint8Array, port: number, address: string): Promise<void> {
    const key = `${address}:${port}`;
    let client = this.clients.get(key);
    if (client === undefined) {
      const reply = (answer: Uint8Array) => void (this.isClosed || this.front.send(answer, port, address));
      const socket = await this.connect(reply);
      // Another datagram of the same client may have come meanwhile.
      client = this.clients.get(key);
      if (client !== undefined || this.isClosed) socket.close();
      else this.clients.set(key, client = { reply, socket });
    }
    const { socket } = client ?? {};
    if (socket !== undefined) {
      this.carry(bytes, this.ways.toServer, (sent) => void (this.isClosed || client!.socket.send(sent)));
    }
  }

  private connect(reply: (bytes: Uint8Array) => void): Promise<Bun.udp.ConnectedSocket<"uint8array">> {
    return Bun.udpSocket({
      hostname: "127.0.0.1",
      binaryType: "uint8array",
      connect: { hostname: "127.0.0.1", port: this.serverPort },
      socket: { data: (_, bytes) => this.carry(bytes, this.ways.toClient, reply) },
    });
  }

  private carry(bytes: Uint8Array, way: Way, deliver: (bytes: Uint8Array) => void): void {
    const { delayMs = 0, loss = 0, lossRunMax = Infinity, reorder = 0, duplicate = 0 } = this.weather;
    this.passed++;
    const isLost = this.random() < loss && way.lossRun < lossRunMax;
    if (isLost || this.underWay.length >= UNDER_WAY_MAX) {
      this.lost++;
      way.lossRun++;
      return;
    }
    way.lossRun = 0;
    const takesMs = this.random() < reorder ? delayMs * 1.5 + 2 : delayMs;
    const copies = this.random() < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (takesMs === 0) deliver(bytes);
      else this.enqueue({ dueMs: performance.now() + takesMs, bytes: bytes.slice(), deliver });
    }
  }

  /** Keeps the parcels in the order in which they are due. */
  private enqueue(parcel: Parcel): void {
    const { underWay } = this;
    let place = underWay.length;
    while (place > 0 && underWay[place - 1]!.dueMs > parcel.dueMs) place--;
    underWay.splice(place, 0, parcel);
    if (this.timer === undefined) this.wait();
  }

  private wait(): void {
    const [first] = this.underWay;
    assert(first !== undefined, "somebody waits");
    this.timer = setTimeout(() => this.deliverDue(), Math.max(0, first.dueMs - performance.now()));
  }

  private deliverDue(): void {
    this.timer = undefined;
    const nowMs = performance.now();
    let due = 0;
    while (due < this.underWay.length && this.underWay[due]!.dueMs <= nowMs) due++;
    for (const { bytes, deliver } of this.underWay.splice(0, due)) deliver(bytes);
    if (this.underWay.length > 0 && this.timer === undefined) this.wait();
  }
}

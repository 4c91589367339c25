import { CellError } from "../../../base/mod.ts";
import type { LinkTransport } from "../../../net/mod.ts";
import type { RpcClient } from "../../../rpc/mod.ts";
import type { Directory, Endpoint } from "../../directory.ts";

/** What a test knows of an instance. */
export interface FakeInstance {
  readonly id: string;
  readonly species: string;
  readonly release: number;
  readonly distance: 0 | 1 | 2 | 3;
  /** Another one stands for another process. */
  place: string;
  /** Whether connecting to it fails, or never ends, although it is listed. */
  reach: "reachable" | "refuses" | "silent";
  /** See `Endpoint.isSilent`. */
  isSilent: boolean;
  /** Says nothing when it is asked who it is. */
  isHung: boolean;
  readonly connections: Set<FakeClient>;
}

/** A service whose instances come and go as a test wants, without sockets or time. */
export class FakeService implements Directory {
  readonly instances = new Map<string, FakeInstance>();
  /** How often instances were listed, and connected to. */
  lists = 0;
  dials = 0;
  #onChange: () => void = () => {};

  start(number: number, options: Partial<Pick<FakeInstance, "species" | "release" | "distance">> = {}): FakeInstance {
    const { species = "a", release = 1, distance = 0 } = options;
    const connections = new Set<FakeClient>();
    const id = `s@${number}`;
    const place = "first";
    const instance: FakeInstance = {
      id,
      species,
      release,
      distance,
      place,
      reach: "reachable",
      isSilent: false,
      isHung: false,
      connections,
    };
    this.instances.set(instance.id, instance);
    return instance;
  }

  /** Takes no further calls, and no further connections. */
  drain(instance: FakeInstance): void {
    this.instances.delete(instance.id);
    for (const client of instance.connections) client.draining = true;
  }

  kill(instance: FakeInstance): void {
    this.drain(instance);
    for (const client of [...instance.connections]) client.lose();
  }

  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Says that something has changed. */
  tell(): void {
    this.#onChange();
  }

  /** Is listed no more, and says nothing. */
  vanish(instance: FakeInstance): void {
    this.instances.delete(instance.id);
  }

  list(): Promise<Endpoint[]> {
    this.lists++;
    const endpoint = ({ id, species, release, distance, place, isSilent }: FakeInstance) => ({
      id,
      species,
      release,
      distance,
      place,
      isSilent,
      dial: () => Promise.reject(new Error("a pool connects by its own function")),
    });
    return Promise.resolve([...this.instances.values()].map(endpoint));
  }

  async find(): Promise<Endpoint[]> {
    const found = await this.list();
    if (found.length === 0) throw new CellError("NOT_FOUND", "nobody is there", { data: { started: false } });
    return found;
  }

  readonly connect = async ({ id }: Endpoint): Promise<RpcClient> => {
    this.dials++;
    await Promise.resolve();
    const instance = this.instances.get(id);
    if (instance === undefined || instance.reach === "refuses") {
      throw new CellError("UNAVAILABLE", `${id} is gone`, { data: { started: false } });
    }
    if (instance.reach === "silent") return new Promise(() => {});
    return new FakeClient(instance) as Partial<RpcClient> as RpcClient;
  };
}

/** The parts of a client that a pool uses. */
export class FakeClient implements Partial<RpcClient> {
  draining = false;
  inFlight = 0;
  isClosed = false;
  transport: LinkTransport = "uds";
  doubts = 0;
  isDoubted = false;
  readonly load = { inFlight: 0, latencyMicros: 0 };
  readonly closed: Promise<undefined>;
  #resolveClosed!: (value: undefined) => void;

  constructor(readonly instance: FakeInstance) {
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    instance.connections.add(this);
  }

  hello = (): Promise<never> => this.#answer();
  servedSchema = (): Promise<never> => this.#answer();

  doubt(): void {
    this.doubts++;
    this.isDoubted = true;
  }

  believe(): void {
    this.isDoubted = false;
  }

  lose(): void {
    this.draining = true;
    this.inFlight = 0;
    this.instance.connections.delete(this);
    this.#resolveClosed(undefined);
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.lose();
    return Promise.resolve();
  }

  #answer(): Promise<never> {
    return this.instance.isHung ? new Promise(() => {}) : Promise.resolve({} as never);
  }
}

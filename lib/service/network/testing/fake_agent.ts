import { CellError } from "../../../base/mod.ts";
import type { NodeIdentity } from "../../../net/identity/mod.ts";
import type {
  AgentState,
  AgentStream,
  Certification,
  CertificationRequest,
  KnownInstance,
  KnownMember,
  NodeAgent,
  Offer,
  OwnNode,
} from "../agent.ts";

/** A stream whose items a test gives out. */
export class FakeStream<T> implements AgentStream<T> {
  isClosed = false;
  #items: T[] = [];
  #error: Error | undefined;
  #wake: () => void = () => {};

  constructor(private readonly onClose: () => void = () => {}) {}

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Ends it, as the agent does. */
  fail(error: Error = new CellError("UNAVAILABLE", "the agent is gone")): void {
    this.#error ??= error;
    this.#wake();
  }

  close(): void {
    this.fail(new CellError("CANCELLED", "nobody listens"));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) yield item;
        else if (this.#error !== undefined) throw this.#error;
        else await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.isClosed = true;
      this.onClose();
    }
  }
}

/** What the agents of all nodes of a test know. */
export class FakeCatalog {
  readonly #entries = new Map<string, KnownInstance>();
  readonly onChange = new Set<() => void>();

  set(key: string, known: KnownInstance | undefined): void {
    if (known === undefined) this.#entries.delete(key);
    else this.#entries.set(key, known);
    for (const hear of [...this.onChange]) hear();
  }

  of(service?: string): KnownInstance[] {
    return [...this.#entries.values()].filter((known) => service === undefined || known.service === service);
  }
}

/** An agent without a process: it says what a test wants, and remembers what it was asked. */
export class FakeAgent implements NodeAgent {
  current: AgentState = "online";
  /** Every question but `state`, in order. */
  readonly asked: string[] = [];
  readonly streams = new Set<FakeStream<never>>();
  readonly schemas = new Map<string, string>();
  /** Ids of nodes that were removed. */
  readonly revoked: string[] = [];
  /** Where instances listen. */
  place = { host: "127.0.0.1", portFirst: 0, portLast: 0 };
  /** What is done when a service is looked up of which nothing is known. */
  onLookup: (service: string) => Promise<void> = () => Promise.resolve();
  /** The nodes but this one, by name. */
  readonly states = new Map<string, "alive" | "suspect" | "failed" | "left">();
  readonly #issued = new Set<() => void>();

  constructor(
    readonly node: OwnNode,
    readonly catalog: FakeCatalog = new FakeCatalog(),
    readonly identity?: NodeIdentity,
  ) {}

  state(): AgentState {
    return this.current;
  }

  self(): Promise<OwnNode> {
    return this.#answer("self", this.node);
  }

  async lookup(service: string): Promise<KnownInstance[]> {
    await this.#answer(`lookup ${service}`, undefined);
    if (this.#elsewhere(service).length === 0) await this.onLookup(service);
    return this.#elsewhere(service);
  }

  discover(service?: string): Promise<KnownInstance[]> {
    return this.#answer(`discover ${service ?? "all"}`, this.catalog.of(service));
  }

  services(): Promise<string[]> {
    return this.#answer("services", [...new Set(this.catalog.of().map(({ service }) => service))]);
  }

  members(): Promise<KnownMember[]> {
    const others = [...this.states].map(([name, state]) => ({ name, state, isSelf: false }));
    return this.#answer("members", [{ name: this.node.name, state: "alive", isSelf: true }, ...others]);
  }

  speciesSchema(species: string): Promise<string> {
    const schema = this.schemas.get(species);
    if (schema === undefined) return Promise.reject(new CellError("NOT_FOUND", `nobody has species ${species}`));
    return this.#answer(`speciesSchema ${species}`, schema);
  }

  watch(service: string): AgentStream<KnownInstance[]> {
    this.asked.push(`watch ${service}`);
    const tell = () => stream.push(this.catalog.of(service));
    const stream = this.#stream<KnownInstance[]>(() => this.catalog.onChange.delete(tell));
    this.catalog.onChange.add(tell);
    tell();
    return stream;
  }

  credentials(request: CertificationRequest): AgentStream<Certification> {
    this.asked.push(`credentials ${request.instance}`);
    const issue = () => void this.#issue(request).then((issued) => stream.push(issued));
    const stream = this.#stream<Certification>(() => this.#issued.delete(issue));
    this.#issued.add(issue);
    issue();
    return stream;
  }

  advertise(offer: Offer): AgentStream<boolean> {
    const { service, instance, species, release, quicPort, tlsPort } = offer;
    this.asked.push(`advertise ${instance}`);
    const key = `${this.node.id}/${instance}`;
    const at = (transport: string, port: number) => (port === 0 ? [] : [`${transport}:${this.place.host}:${port}`]);
    this.catalog.set(key, {
      service,
      instance,
      species,
      release,
      node: this.node.name,
      nodeId: this.node.id,
      region: this.node.region,
      zone: this.node.zone,
      endpoints: [...at("quic", quicPort), ...at("tls", tlsPort)],
    });
    const stream = this.#stream<boolean>(() => this.catalog.set(key, undefined));
    stream.push(true);
    return stream;
  }

  /** Certifies everybody anew, as after half an hour or when a node was removed. */
  renew(): void {
    for (const issue of this.#issued) issue();
  }

  /** The process ends: its streams, and whoever asks. */
  die(): void {
    this.current = "absent";
    for (const stream of [...this.streams]) stream.fail();
  }

  async #issue({ service, instance, publicKey }: CertificationRequest): Promise<Certification> {
    const { identity } = this;
    if (identity === undefined) throw new Error("this agent of a test certifies nobody");
    const { chainPem, notAfterMs } = await identity.issueInstance({ service, instance, publicKey }, Date.now());
    return {
      cluster: identity.clusterId,
      nodeId: identity.nodeId,
      chain: chainPem,
      authority: identity.authorityPem,
      expiresAt: new Date(notAfterMs),
      revoked: [...this.revoked],
      ...this.place,
    };
  }

  #elsewhere(service: string): KnownInstance[] {
    return this.catalog.of(service).filter(({ nodeId }) => nodeId !== this.node.id);
  }

  #answer<T>(question: string, answer: T): Promise<T> {
    this.asked.push(question);
    return this.current === "absent"
      ? Promise.reject(new CellError("UNAVAILABLE", "the agent is gone"))
      : Promise.resolve(answer);
  }

  #stream<T>(onClose: () => void): FakeStream<T> {
    const stream: FakeStream<T> = new FakeStream<T>(() => {
      this.streams.delete(stream as FakeStream<never>);
      onClose();
    });
    this.streams.add(stream as FakeStream<never>);
    return stream;
  }
}

/** A node of a test. */
export function ownNode(name: string, { region = "home", zone = "a" } = {}): OwnNode {
  return { id: Bun.hash(name).toString(16).padStart(16, "0").repeat(2), name, region, zone };
}

/** An instance of a node as the agents know it. */
export function knownOn(node: OwnNode, differing: Partial<KnownInstance> = {}): KnownInstance {
  return {
    service: "hello",
    instance: "hello@1",
    species: "0123456789abcdef",
    release: 1,
    node: node.name,
    nodeId: node.id,
    region: node.region,
    zone: node.zone,
    endpoints: ["quic:192.0.2.7:1", "tls:192.0.2.7:2"],
    ...differing,
  };
}

import { CellError, SECOND } from "../../base/mod.ts";
import { currentCall } from "../../rpc/mod.ts";
import type {
  Advertisement,
  CatalogInstance,
  ClusterApi,
  ClusterStatus,
  CredentialsRequest,
  IssuedCredentials,
  IssuedToken,
  LogQuery,
  Member,
  OpenToken,
  RemoteLogLine,
  TokenRequest,
} from "../client/mod.ts";
import { storeReceived } from "../received_package.ts";
import { logLines } from "../remote_logs.ts";
import type { Cluster } from "./cluster.ts";
import { issueCredentials } from "./issue_credentials.ts";
import { proveProcess } from "./local_process.ts";
import type { Network } from "./network.ts";

/** What is said of this node's instances to others follows what has become of them as often as this. */
export const CONDITION_MS = 5 * SECOND;

/** What the agent answers about the other machines. */
export class ClusterService implements ClusterApi {
  constructor(private readonly clusterOfNode: Cluster) {}

  cluster(): Promise<ClusterStatus> {
    return this.clusterOfNode.status();
  }

  members(): Promise<Member[]> {
    return this.clusterOfNode.members();
  }

  discover(service?: string): Promise<CatalogInstance[]> {
    return this.clusterOfNode.instances(service);
  }

  /** What changes faster than the caller reads is left out. */
  async *watch(service?: string): AsyncGenerator<CatalogInstance[], void, void> {
    const { signal } = currentCall()!;
    let last: string | undefined;
    while (!signal.aborted) {
      const { changed } = this.clusterOfNode;
      const seen = changed.count;
      const instances = await this.clusterOfNode.instances(service);
      const text = JSON.stringify(instances);
      if (text !== last) yield instances;
      last = text;
      await changed.after(seen, signal);
    }
  }

  createToken(request: TokenRequest): Promise<IssuedToken> {
    return this.clusterOfNode.createToken(request);
  }

  tokens(): Promise<OpenToken[]> {
    return Promise.resolve(this.clusterOfNode.tokens.open());
  }

  revokeToken(id: string): Promise<void> {
    this.clusterOfNode.tokens.revoke(id);
    return Promise.resolve();
  }

  join(token?: string, address?: string): Promise<ClusterStatus> {
    return this.clusterOfNode.join(token, address);
  }

  leave(): Promise<void> {
    return this.clusterOfNode.leave();
  }

  removeMember(node: string): Promise<Member> {
    return this.#network(`removing ${node}`).removeMember(node);
  }

  async *credentials(request: CredentialsRequest): AsyncGenerator<IssuedCredentials, void, void> {
    const { service, instance } = request;
    proveProcess(`certifying ${instance.slice(0, 128)}`, service, instance);
    const { signal } = currentCall()!;
    const network = await this.clusterOfNode.whenOn(signal);
    if (network !== undefined) yield* issueCredentials(request, network, AbortSignal.any([signal, network.ended]));
  }

  async *advertise(advertisement: Advertisement): AsyncGenerator<boolean, void, void> {
    const { service, instance } = advertisement;
    const network = this.#network(`offering ${instance.slice(0, 128)} to others`);
    proveProcess(`offering ${instance.slice(0, 128)} to others`, service, instance);
    const { signal } = currentCall()!;
    const takeBack = network.presences.add(advertisement);
    try {
      yield true;
      await network.untilEnded(signal);
    } finally {
      takeBack();
    }
  }

  lookup(service: string): Promise<CatalogInstance[]> {
    return this.clusterOfNode.network?.lookup(service) ?? Promise.resolve([]);
  }

  speciesSchema(species: string): Promise<string> {
    return this.clusterOfNode.speciesSchema(species);
  }

  tunnel(node: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    return this.#network(`reaching the agent of ${node.slice(0, 64)}`).tunnel(node, bytes);
  }

  storePackage(sha256: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    return storeReceived(sha256, archive);
  }

  logs(query: LogQuery): AsyncGenerator<RemoteLogLine, void, void> {
    return logLines(query, currentCall()!.signal);
  }

  #network(what: string): Network {
    const { network } = this.clusterOfNode;
    if (network !== undefined) return network;
    throw new CellError(
      "FAILED_PRECONDITION",
      `${what}: the network of this node is off. Turn it on with cell token create, or join others with cell join TOKEN.`,
      { data: { started: false } },
    );
  }
}

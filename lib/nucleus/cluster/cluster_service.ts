import { CellError } from "../../base/mod.ts";
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
import { LocalProcess } from "./local_process.ts";
import type { Network } from "./network.ts";

/** What the agent answers about the other machines. */
export class ClusterService implements ClusterApi {
  constructor(private readonly clusterOfNode: Cluster) {}

  cluster(): Promise<ClusterStatus> {
    return this.clusterOfNode.overview.status();
  }

  members(): Promise<Member[]> {
    return this.clusterOfNode.overview.members();
  }

  discover(service?: string): Promise<CatalogInstance[]> {
    return this.clusterOfNode.overview.instances(service);
  }

  services(): Promise<string[]> {
    return Promise.resolve(this.clusterOfNode.overview.services());
  }

  watch(service?: string): AsyncGenerator<CatalogInstance[], void, void> {
    return this.clusterOfNode.overview.watch(service, currentCall()!.signal);
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

  async join(token?: string, address?: string): Promise<ClusterStatus> {
    await this.clusterOfNode.join(token, address);
    return await this.clusterOfNode.overview.status();
  }

  leave(): Promise<void> {
    return this.clusterOfNode.leave();
  }

  removeMember(node: string): Promise<Member> {
    return Promise.resolve(this.#network(`removing ${node.slice(0, 64)}`).removeMember(node));
  }

  async *credentials(request: CredentialsRequest): AsyncGenerator<IssuedCredentials, void, void> {
    const { service, instance } = request;
    const process = LocalProcess.calling(`certifying ${instance.slice(0, 128)}`);
    process.assertIs(service, instance);
    const { signal } = currentCall()!;
    const network = await this.clusterOfNode.whenOn(signal);
    if (network === undefined) return;
    yield* issueCredentials(request, process, network, AbortSignal.any([signal, network.ended]));
  }

  async *advertise(advertisement: Advertisement): AsyncGenerator<boolean, void, void> {
    const { service, instance } = advertisement;
    const what = `offering ${instance.slice(0, 128)} to others`;
    const network = this.#network(what);
    LocalProcess.calling(what).assertInstance(service, instance);
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
    return this.clusterOfNode.network?.lookup.find(service) ?? Promise.resolve([]);
  }

  speciesSchema(species: string): Promise<string> {
    return this.clusterOfNode.overview.speciesSchema(species);
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
    const { network, condition } = this.clusterOfNode;
    if (network !== undefined) return network;
    const why = condition.problem ??
      "the network of this node is off. Turn it on with cell token create, or join others with cell join TOKEN.";
    throw new CellError("FAILED_PRECONDITION", `${what}: ${why}`, { data: { started: false } });
  }
}

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
} from "./cluster_api.ts";

/** The agent's methods about other machines as calls. */
export abstract class ClusterCalls implements ClusterApi {
  protected abstract ask<T>(method: string, ...args: unknown[]): Promise<T>;
  protected abstract streamOf<T>(method: string, ...args: unknown[]): AsyncGenerator<T, void, void>;

  cluster(): Promise<ClusterStatus> {
    return this.ask("cluster");
  }

  members(): Promise<Member[]> {
    return this.ask("members");
  }

  discover(service?: string): Promise<CatalogInstance[]> {
    return this.ask("discover", ...given(service));
  }

  services(): Promise<string[]> {
    return this.ask("services");
  }

  watch(service?: string): AsyncGenerator<CatalogInstance[], void, void> {
    return this.streamOf("watch", ...given(service));
  }

  createToken(request: TokenRequest): Promise<IssuedToken> {
    return this.ask("createToken", request);
  }

  tokens(): Promise<OpenToken[]> {
    return this.ask("tokens");
  }

  revokeToken(id: string): Promise<void> {
    return this.ask("revokeToken", id);
  }

  join(token?: string, address?: string): Promise<ClusterStatus> {
    return this.ask("join", ...given(token, address));
  }

  leave(): Promise<void> {
    return this.ask("leave");
  }

  removeMember(node: string): Promise<Member> {
    return this.ask("removeMember", node);
  }

  credentials(request: CredentialsRequest): AsyncGenerator<IssuedCredentials, void, void> {
    return this.streamOf("credentials", request);
  }

  advertise(advertisement: Advertisement): AsyncGenerator<boolean, void, void> {
    return this.streamOf("advertise", advertisement);
  }

  lookup(service: string): Promise<CatalogInstance[]> {
    return this.ask("lookup", service);
  }

  speciesSchema(species: string): Promise<string> {
    return this.ask("speciesSchema", species);
  }

  tunnel(node: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    return this.streamOf("tunnel", node, bytes);
  }

  storePackage(sha256: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    return this.ask("storePackage", sha256, archive);
  }

  logs(query: LogQuery): AsyncGenerator<RemoteLogLine, void, void> {
    return this.streamOf("logs", query);
  }
}

/** Without the optional arguments at the end that nobody gave. */
function given(...args: unknown[]): unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

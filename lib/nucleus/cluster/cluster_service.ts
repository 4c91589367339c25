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
import { proveProcess } from "./local_process.ts";

/** What the agent answers about the other machines. */
export class ClusterService implements ClusterApi {
  constructor(private readonly cluster: Cluster) {}

  status_(): void {}
}

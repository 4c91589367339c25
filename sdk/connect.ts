import type { CallOptions, Client, ConnectOptions } from "cell";
import { connectService, ownService, type RemoteService } from "../lib/service/mod.ts";

/** Connects to a service by name. Throws NOT_FOUND, with near names, when nobody serves it. */
export async function connect(name: string, options: ConnectOptions = {}): Promise<Client> {
  const callerService = ownService();
  const remote = await connectService(name, { ...options, ...(callerService === undefined ? {} : { callerService }) });
  return new DynamicClient(remote);
}

type TransportInUse = NonNullable<Client["transport"]>;

/** A client whose methods are called by name: what they return is only known to whoever calls. */
class DynamicClient implements Client {
  constructor(private readonly remote: RemoteService) {}

  get service(): string {
    return this.remote.service;
  }

  get transport(): TransportInUse | undefined {
    const transport = this.remote.transport();
    // What is found by its name is another process.
    return transport === "memory" ? undefined : transport;
  }

  call<T>(method: string, args: readonly unknown[] = [], options: CallOptions = {}): Promise<T> {
    return this.remote.call(method, args, options) as Promise<T>;
  }

  callSync<T>(method: string, args: readonly unknown[] = [], options: { timeoutMs?: number } = {}): T {
    return this.remote.callSync(method, args, options) as T;
  }

  stream<T>(method: string, args: readonly unknown[] = [], options: CallOptions = {}): AsyncGenerator<T, void, void> {
    return this.remote.stream(method, args, options) as AsyncGenerator<T, void, void>;
  }

  async methods(): Promise<string[]> {
    return Object.keys((await this.remote.schema()).methods);
  }

  close(): Promise<void> {
    return this.remote.close();
  }
}

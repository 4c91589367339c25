import { CellError } from "../../base/mod.ts";
import { COMMAND_SERVICE, dialFirst, type Link } from "../../net/mod.ts";
import { parseSchema, type Schema } from "../../schema/mod.ts";
import { ownInstance, ownService } from "../identity.ts";
import type { TransportChoice } from "../transport.ts";
import type { KnownInstance, NodeAgent } from "./agent.ts";
import { type CredentialsHold, holdCredentials } from "./held_credentials.ts";
import type { OwnCredentials, Who } from "./own_credentials.ts";
import { RememberedRoutes, type Route, routesOf } from "./route.ts";

/** Of all clients of this process. */
const remembered = new RememberedRoutes();

/** Connects to instances of other nodes for one client, with the credentials of this process. */
export class NetworkDialer {
  #hold: CredentialsHold | undefined;
  #stopListening: Promise<() => void> | undefined;
  #isClosed = false;

  constructor(private readonly agent: NodeAgent) {}

  /**
   * Throws UNAVAILABLE when it cannot be reached or there are no credentials, UNAUTHENTICATED when one side does not believe
   * the other; each says what was tried.
   */
  async dial(known: KnownInstance, choice: TransportChoice): Promise<Link> {
    const { dialRoute } = await import("./transports.ts");
    const credentials = await this.#credentials();
    await credentials.ready();
    const routes = routesOf(known.endpoints, choice === "quic" || choice === "tls" ? choice : "auto");
    const { link, route } = await dialFirst(
      remembered.inOrder(known.nodeId, routes),
      async (route, signal) => {
        const link = await dialRoute(route, known, credentials, signal);
        return { link, route, destroy: () => link.destroy() };
      },
      { target: `${known.instance} of node ${known.node}`, isFinal: hasEnded },
    );
    remembered.note(known.nodeId, route);
    return link;
  }

  /** The schema that an instance has, from whichever node has told ours. Throws NOT_FOUND, UNAVAILABLE. */
  async schemaOf({ species, instance }: KnownInstance): Promise<Schema> {
    const schema = parseSchema(JSON.parse(await this.agent.speciesSchema(species)));
    if (schema.species === species) return schema;
    throw new CellError(
      "DATA_LOSS",
      `asking for the schema of ${instance}: expected species ${species}, found ${schema.species}`,
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#hold?.release();
    void this.#stopListening?.then((stop) => stop());
  }

  /** Connections to nodes that are removed end for as long as the client lives. */
  async #credentials(): Promise<OwnCredentials> {
    if (this.#isClosed) {
      throw new CellError("CANCELLED", "connecting over the network: this client is closed", {
        data: { started: false },
      });
    }
    const hold = this.#hold ??= holdCredentials(this.agent, whoAmI());
    this.#stopListening ??= hold.credentials.then((credentials) => credentials.listen({ onRevoked: closeLinks }));
    await this.#stopListening;
    return await hold.credentials;
  }
}

/** A command at a shell, or a script, is known by its process. */
function whoAmI(): Who {
  const service = ownService();
  if (service === undefined) return { service: COMMAND_SERVICE, instance: String(process.pid) };
  return { service, instance: ownInstance() ?? service };
}

/** The agent of its node knows which instances there are: when it has none of that name, blocked ways are not waited for. */
function hasEnded({ transport }: Route, { code }: CellError): boolean {
  return transport === "relay" && code === "NOT_FOUND";
}

function closeLinks(nodes: ReadonlySet<string>): void {
  void import("./transports.ts").then(({ closeLinksOf }) => closeLinksOf(nodes));
}

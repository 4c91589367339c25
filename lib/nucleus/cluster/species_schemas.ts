import { MINUTE } from "../../base/mod.ts";
import { parseSchema } from "../../schema/mod.ts";
import { connectService } from "../../service/mod.ts";

/** How many nodes are asked for a schema, one after the other. */
const HOLDERS_ASKED_MAX = 5;
/** Schemas that were asked for lately are kept: whoever follows a new release asks at the same time. */
export const SCHEMAS_KEPT_MAX = 64;
const KEPT_LENGTH_MAX = 256 * 1024;
const KEPT_MS = 10 * MINUTE;

/** Where schemas are. */
export interface SchemaSources {
  /** Of what is deployed here. */
  deployed(species: string): Promise<string | undefined>;
  /** The service that an instance of this species serves here. */
  servedHere(species: string): string | undefined;
  /** Ids of the other nodes that have it. */
  holdersOf(species: string): string[];
  /** Of another node; empty when it has none. */
  ask(node: string, species: string): Promise<string>;
}

/**
 * The schemas of species, as JSON. A species is the fingerprint of its schema, so whoever tells one can be believed as soon as
 * it has been looked at, and what was learned once stays true.
 */
export class SpeciesSchemas {
  readonly #kept = new Map<string, { readonly text: string; readonly atMs: number }>();
  readonly #running = new Map<string, Promise<string | undefined>>();

  constructor(
    private readonly sources: SchemaSources,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** From this node; undefined when it has none. */
  own(species: string): Promise<string | undefined> {
    return this.#once(`own ${species}`, () => this.#own(species));
  }

  /** From this node or another one; undefined when none has it. */
  find(species: string): Promise<string | undefined> {
    return this.#once(`any ${species}`, async () => await this.own(species) ?? await this.#fromOthers(species));
  }

  async #own(species: string): Promise<string | undefined> {
    const kept = this.#recall(species) ?? await this.sources.deployed(species);
    if (kept !== undefined) return this.#keep(species, kept);
    const service = this.sources.servedHere(species);
    if (service === undefined) return undefined;
    const client = await connectService(service, { transport: "uds" });
    try {
      const schema = await client.schema();
      return schema.species === species ? this.#keep(species, JSON.stringify(schema)) : undefined;
    } finally {
      await client.close();
    }
  }

  async #fromOthers(species: string): Promise<string | undefined> {
    for (const node of this.sources.holdersOf(species).slice(0, HOLDERS_ASKED_MAX)) {
      try {
        const text = await this.sources.ask(node, species);
        if (text !== "" && parseSchema(JSON.parse(text)).species === species) return this.#keep(species, text);
      } catch {
        // The next one may be there, and tell the truth.
      }
    }
    return undefined;
  }

  #recall(species: string): string | undefined {
    const kept = this.#kept.get(species);
    return kept !== undefined && this.nowMs() - kept.atMs < KEPT_MS ? kept.text : undefined;
  }

  #keep(species: string, text: string): string {
    if (text.length > KEPT_LENGTH_MAX || this.#recall(species) !== undefined) return text;
    this.#kept.delete(species);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= SCHEMAS_KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(species, { text, atMs: this.nowMs() });
    return text;
  }

  /** All that ask for the same at the same time wait for one answer. */
  #once(key: string, look: () => Promise<string | undefined>): Promise<string | undefined> {
    let running = this.#running.get(key);
    if (running === undefined) {
      running = look().finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }
}

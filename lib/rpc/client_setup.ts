import { CellError, didYouMean } from "../base/mod.ts";
import { parseSchema, type Schema } from "../schema/mod.ts";
import { type ClientMethod, clientMethod } from "./client_method.ts";
import { type Hello, PROTOCOL_VERSION, Reflection } from "./reflection.ts";

/** Asks the server one of the methods that every server has. */
export type Reflect = (name: string, index: number, args: unknown[]) => Promise<unknown>;

/**
 * What a client has to know before it can call: who the server is, which schema to call with, and where in the server's
 * schema each method stands. It is asked for by the first call, in one round trip, and for a pinned schema that is not the
 * server's once more per method.
 */
export class ClientSetup {
  /** Methods that can be called right away, by name. */
  readonly methods = new Map<string, ClientMethod>();
  /** Who the server is, once it is known. */
  server: Hello | undefined;
  private greeting: Promise<Hello> | undefined;
  private document: Promise<Schema> | undefined;
  /** The schema that calls are made with, once it is known. */
  private current: Schema | undefined;
  private last: ClientMethod | undefined;
  private readonly negotiations = new Map<string, Promise<ClientMethod>>();

  constructor(private readonly reflect: Reflect, private readonly pinned: Schema | undefined) {
    this.current = pinned;
  }

  hello(): Promise<Hello> {
    if (this.greeting === undefined) {
      this.greeting = this.reflect("hello", Reflection.hello, []).then((answer) => this.server = parseHello(answer));
      this.greeting.catch(() => this.greeting = undefined);
    }
    return this.greeting;
  }

  /** The schema that calls are made with. */
  schema(): Promise<Schema> {
    return this.pinned === undefined ? this.servedSchema() : Promise.resolve(this.pinned);
  }

  /** The schema that the server has, whichever calls are made with. */
  servedSchema(): Promise<Schema> {
    if (this.document === undefined) {
      this.document = this.reflect("schema", Reflection.schema, []).then((answer) => {
        const schema = parseServerSchema(answer);
        this.current ??= schema;
        return schema;
      });
      this.document.catch(() => this.document = undefined);
    }
    return this.document;
  }

  /** A method that can be called. Throws NOT_FOUND with near names, or FAILED_PRECONDITION with the difference. */
  async method(name: string): Promise<ClientMethod> {
    const ready = this.methods.get(name);
    if (ready !== undefined) return ready;
    const [hello, schema] = await Promise.all([this.hello(), this.schema()]);
    if (!Object.hasOwn(schema.methods, name)) throw noMethod(schema, name);
    return schema.species === hello.species ? this.served(schema, name) : this.negotiated(schema, name);
  }

  /** A method that can be called, as far as that is known without asking. */
  known(name: string): ClientMethod | undefined {
    // The same one as before needs no look-up, which takes 20 ns.
    if (this.last?.name === name) return this.last;
    return this.last = this.methods.get(name) ?? this.unasked(name);
  }

  /** The error for a name that the schema does not have; undefined when it has it, or is not known yet. */
  missing(name: string): CellError | undefined {
    const { current } = this;
    return current === undefined || Object.hasOwn(current.methods, name) ? undefined : noMethod(current, name);
  }

  private unasked(name: string): ClientMethod | undefined {
    const { server, current } = this;
    if (server === undefined || current?.species !== server.species) return undefined;
    return Object.hasOwn(current.methods, name) ? this.served(current, name) : undefined;
  }

  /** A method of the server's own schema. */
  private served(schema: Schema, name: string): ClientMethod {
    const index = Object.keys(schema.methods).sort().indexOf(name);
    return this.remember(clientMethod(schema, name, index));
  }

  /** The server has another schema: it says whether ours fits, and where the method stands in its own. */
  private negotiated(schema: Schema, name: string): Promise<ClientMethod> {
    let negotiation = this.negotiations.get(name);
    if (negotiation === undefined) {
      const document = { name, method: schema.methods[name], types: schema.types };
      negotiation = this.reflect("negotiate", Reflection.negotiate, [document]).then((answer) => {
        const index = (answer as { method?: unknown } | null)?.method;
        if (typeof index !== "number") throw brokenAnswer("negotiate", "a map with the method's index");
        return this.remember(clientMethod(schema, name, index));
      }).finally(() => this.negotiations.delete(name));
      this.negotiations.set(name, negotiation);
    }
    return negotiation;
  }

  private remember(method: ClientMethod): ClientMethod {
    const known = this.methods.get(method.name);
    if (known !== undefined) return known;
    this.methods.set(method.name, method);
    return method;
  }
}

function noMethod(schema: Schema, name: string): CellError {
  return new CellError(
    "NOT_FOUND",
    `${schema.name} has no method ${name}.${didYouMean(name, Object.keys(schema.methods))}`,
    { data: { started: false } },
  );
}

/** What each field of a hello looks like. */
const HELLO_SAMPLE: Hello = {
  protocol: PROTOCOL_VERSION,
  service: "",
  instance: "",
  species: "",
  pid: 0,
  uid: 0,
  startedAt: 0,
  messageBytesMax: 0,
  connectionCallsMax: 0,
};

function parseHello(answer: unknown): Hello {
  const fields = (typeof answer === "object" && answer !== null ? answer : {}) as { [name: string]: unknown };
  if (fields["protocol"] !== PROTOCOL_VERSION) {
    throw new CellError(
      "FAILED_PRECONDITION",
      `the server speaks version ${
        String(fields["protocol"])
      } of the protocol, this client version ${PROTOCOL_VERSION}`,
    );
  }
  for (const [name, sample] of Object.entries(HELLO_SAMPLE)) {
    if (typeof fields[name] !== typeof sample) throw brokenAnswer("hello", `${name} as a ${typeof sample}`);
  }
  return fields as unknown as Hello;
}

function parseServerSchema(answer: unknown): Schema {
  try {
    return parseSchema(answer);
  } catch (error) {
    throw new CellError("INTERNAL", `the server's schema is not valid: ${(error as Error).message}`, { cause: error });
  }
}

function brokenAnswer(method: string, expected: string): CellError {
  return new CellError("INTERNAL", `the server's answer to ${method} is not valid: expected ${expected}`);
}

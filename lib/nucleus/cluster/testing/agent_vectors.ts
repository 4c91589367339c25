import { Writer } from "../../../base/mod.ts";
import { createNodeRequest, formatPem } from "../../../net/identity/mod.ts";
import { keyOf, type VectorWorld, vectorWorld } from "../../../net/identity/testing/mod.ts";
import { compileMethod } from "../../../schema/mod.ts";
import { agentSchema } from "../../../service/network/agent_schema.ts";
import { JOIN_SCHEMA, type JoinAnswer, type JoinRequest, PEER_SCHEMA } from "../peer_schema.ts";

/** The text of `docs/vectors/agents.json`: what node agents are asked, with the payloads of a join. */
export async function agentsDocument(): Promise<string> {
  const document = {
    agents: PEER_SCHEMA,
    join: JOIN_SCHEMA,
    own: agentSchema(),
    joining: joining(await vectorWorld()),
  };
  return `${JSON.stringify(document, bytesAsJson, 2)}\n`;
}

function joining({ authority, bob }: VectorWorld) {
  const request: JoinRequest = {
    secret: Uint8Array.from({ length: 16 }, (_, index) => index),
    // Not a Buffer, which JSON would see first.
    request: new Uint8Array(createNodeRequest(keyOf("bob"), "bob.example")),
  };
  const answer: JoinAnswer = {
    certificate: formatPem("CERTIFICATE", bob.certificate.der),
    authority: authority.certificatePem,
    gossipKeys: Uint8Array.of(0),
    contacts: ["192.0.2.7:9044/9043"],
  };
  const { args, result } = compileMethod(JOIN_SCHEMA, "join");
  const writers = [new Writer(), new Writer()] as const;
  args.encode([request], writers[0]);
  result.encode(answer, writers[1]);
  const [arguments_, answered] = writers.map((writer) => Buffer.from(writer.written()).toString("hex"));
  return { request, arguments: arguments_, answer, result: answered };
}

function bytesAsJson(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString("hex") } : value;
}

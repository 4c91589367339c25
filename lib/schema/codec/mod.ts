/**
 * Values to MessagePack and back, each type by code of its own.
 *
 * A general library walks a value and asks of each part what it is; then a validator walks it again. Here the schema is
 * compiled into one JavaScript function per type with parts, which knows what has to come: it checks and writes in one
 * pass, compares each key with the bytes that it must have, and makes each object as one literal of one shape. What
 * comes in an unexpected way, such as keys in another order, leaves that path and is looked up.
 *
 * **Two codes from one source.** Code that knew at every point where it is would be slower at every point. So the code
 * that runs every day only finds out *that* something is wrong; then the same generator makes the code again, with paths
 * and messages, and that one runs over the same value and says *what*. A second implementation for errors, the usual
 * way, was turned down: the two would drift apart. Keeping the path in `catch` blocks was turned down because it needs a
 * variable at every step to say which step failed.
 *
 * **What comes from outside.** Schemas do: nothing of them becomes source text but numbers and quoted strings, see
 * `program.ts`. Messages do: every length and count is compared with what is left of the message before it costs
 * anything, nesting and the number of objects in one message are bounded (`cursor.ts`), values that are passed over take
 * no stack (`skip.ts`), strings must be UTF-8, keys must differ and must not be `__proto__`. Past the end of a message
 * the fast code may read single bytes that are not its own; whatever they decode to, it stands past the end then, which
 * is an error.
 *
 * **Messages may change while they are read.** They are decoded where they lie, which may be memory that the sender has
 * mapped too. So whatever is checked is a local variable: each count, length and lead byte is read once where it
 * matters, and where code looks at a byte again, as the branches of a union do, no check of the first look is trusted
 * after the second. What then comes out is a value of the type, if not one that was ever sent, or an error. What the
 * runtime offers for UTF-8 measures first and converts afterwards: bytes that change in between make it write past its
 * buffer (a `utf8Slice` beside a writer crashes within milliseconds). It gets private copies only (`text.ts`). No
 * decoded value and no cursor keeps a view of a message. An encoder never reads what it has written.
 *
 * **Measured, not assumed** (Bun 1.4.5; `bun bench/run.ts codec`). Loops beat the runtime's string functions up to 16
 * characters when writing; reading has no such loop, because joining characters leaves ropes behind. A `DataView` reads a
 * double in 1 ns and takes 50 to be made; arithmetic on its bytes takes 3, so only long arrays get a view (`float.ts`).
 * Slicing strings out of one large string of the whole message would be fastest of all and was turned down: one kept
 * name would keep the whole message in memory.
 */
import { CellError } from "../../base/mod.ts";
import type { Definitions, Schema, Type } from "../schema.ts";
import type { Codec, MethodCodec } from "./codec.ts";
import { CompiledCodec } from "./compile.ts";
import { argumentList } from "./wire_form.ts";

export type { Codec, MethodCodec } from "./codec.ts";

/** The codecs of a method. Their code is made at their first use; keep them. */
export function compileMethod(schema: Schema, methodName: string): MethodCodec {
  const method = Object.hasOwn(schema.methods, methodName) ? schema.methods[methodName] : undefined;
  if (method === undefined) {
    throw new CellError("NOT_FOUND", `the schema of ${schema.name} has no method ${JSON.stringify(methodName)}`);
  }
  const streamed = method.params.find((param) => param.stream);
  return {
    args: new CompiledCodec({ list: argumentList(method) }, schema.types, "args") as unknown as Codec<unknown[]>,
    result: compileCodec(method.result, schema.types, method.resultStream ? "item" : "result"),
    ...(streamed === undefined ? {} : { streamParam: compileCodec(streamed.type, schema.types, "item") }),
  };
}

/** The codec of a type. Its code is made at its first use; keep it. */
export function compileCodec(type: Type, definitions: Definitions, rootPath: string): Codec {
  return new CompiledCodec({ type }, definitions, rootPath);
}

/** The codec of values that no schema describes. */
export function unknownCodec(rootPath: string): Codec {
  return compileCodec({ kind: "unknown" }, {}, rootPath);
}

/**
 * Whether those who call one version of a service can call another.
 *
 * A caller's arguments must be values of the server's parameters, and the server's results must be values of what the
 * caller was compiled to get. So what is an addition in one direction is a break in the other: accepting more is
 * compatible, returning more is not. Comparing fingerprints was turned down as the whole answer, because it would make
 * every added optional property a break; asking each side for samples was turned down because it proves nothing.
 *
 * Assignability is TypeScript's as far as it survives the wire, with three differences. Ranges, lengths and patterns
 * count, as both ends enforce them. An argument's property that the server does not know is a break, although the
 * decoder would skip it: to drop `dryRun: true` in silence is worse than to refuse it. And unions are compared by the
 * member that the receiver would choose, not by any that would do.
 */
import { didYouMean } from "../../base/mod.ts";
import type { Definitions, Method, Param, Schema } from "../schema.ts";
import { type Change, Comparison, type ElementList } from "./comparison.ts";
import { argumentsOf, resultOf } from "./direction.ts";

export type { Change } from "./comparison.ts";

/** A method and the types that it refers to. */
export interface MethodWithTypes {
  method: Method;
  types: Definitions;
}

/**
 * All differences from an old version of a service to a new one: what they mean for those who call the new one as if it
 * was the old one. Paths begin with the method's name.
 */
export function compareSchemas(old: Schema, current: Schema): Change[] {
  const changes: Change[] = [];
  const added = Object.keys(current.methods).filter((name) => !Object.hasOwn(old.methods, name));
  for (const [name, method] of Object.entries(old.methods)) {
    const successor = Object.hasOwn(current.methods, name) ? current.methods[name] : undefined;
    if (successor === undefined) {
      changes.push({ path: name, compatible: false, message: `the method was removed.${didYouMean(name, added)}` });
    } else if (successor.gene !== method.gene) {
      const [caller, server] = [{ method, types: old.types }, { method: successor, types: current.types }];
      for (const change of compare(caller, server, "the new version")) {
        changes.push({ ...change, path: `${name}.${change.path}` });
      }
    }
  }
  for (const name of added) changes.push({ path: name, compatible: true, message: "the method was added" });
  return changes;
}

/**
 * The differences between the method that a caller was compiled against and the one that a server has: callable if all
 * of them are compatible. Paths begin with `args`, `result` or `item`. Throws RESOURCE_EXHAUSTED for types that are too
 * many to be compared.
 */
export function compareMethods(caller: MethodWithTypes, server: MethodWithTypes): Change[] {
  return compare(caller, server, "the server");
}

function compare(caller: MethodWithTypes, server: MethodWithTypes, serverName: string): Change[] {
  const comparison = new Comparison();
  const inward = { sender: caller.types, receiver: server.types, direction: argumentsOf(serverName) };
  const outward = { sender: server.types, receiver: caller.types, direction: resultOf(serverName) };
  const [sent, expected] = [streamOf(caller.method), streamOf(server.method)];
  if (sent.index !== expected.index) {
    comparison.report("args", false, inward.direction.differs(sent.text, expected.text));
  } else {
    comparison.compareLists(listOf(caller.method), listOf(server.method), "args", inward, "argument");
    if (sent.param !== undefined && expected.param !== undefined) {
      comparison.compare(sent.param.type, expected.param.type, `args[${sent.index}][]`, inward);
    }
  }
  const path = caller.method.resultStream ? "item" : "result";
  if (caller.method.resultStream !== server.method.resultStream) {
    const kinds = ["a stream", "a single result"];
    const [now, before] = server.method.resultStream ? kinds : kinds.reverse();
    comparison.report(path, false, outward.direction.differs(now!, before!));
  } else comparison.compare(server.method.result, caller.method.result, path, outward);
  return comparison.finish();
}

/** The parameters as a list. The place of a stream holds nil; its items are compared apart from it. */
function listOf(method: Method): ElementList {
  const rest = method.params.find((param) => param.rest);
  const items = method.params.filter((param) => !param.rest).map((param) =>
    param.stream ? { type: { kind: "undefined" } as const } : param
  );
  return { items, ...(rest === undefined ? {} : { rest: rest.type }) };
}

function streamOf(method: Method): { index: number; param: Param | undefined; text: string } {
  const index = method.params.findIndex((param) => param.stream);
  const text = index < 0 ? "no stream" : `a stream as argument ${index + 1}`;
  return { index, param: method.params[index], text };
}

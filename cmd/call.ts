import { CellError } from "../lib/base/mod.ts";
import { toJson } from "../lib/json/mod.ts";
import { describeMethod } from "../lib/schema/mod.ts";
import { connectService, type RemoteService } from "../lib/service/mod.ts";
import { stderrStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { Deadline } from "./deadline.ts";
import { parseDuration } from "./duration.ts";
import { exampleCall } from "./example_call.ts";
import { exitCodeOf, isAnswered } from "./exit_code.ts";
import { findMethod } from "./find_method.ts";
import { Invocation } from "./invocation.ts";
import { reportError } from "./report_error.ts";
import { parseServiceName } from "./service_name.ts";
import { say } from "./stderr.ts";
import { print, StreamOutput } from "./stdout.ts";
import { whichMethod, whichService } from "./which.ts";

const NOTES = `How arguments are written:
  key=value        text; where the type has no room for text, a number, true,
                   false, null, or JSON in brackets
  key:=json        JSON as it is: \`name:=3\` is the number 3
  address.city=..  a part of a part; lists take a number: lines.0.sku=a
  tags=a tags=b    a name that is given again adds to a list
  data=@file       bytes from a file
  '{"name":"x"}'   JSON, or plain text, by position
  -                stdin: JSON lines, a call per line, or the items of a stream

  If the method has one parameter and it is an object, keys are its fields;
  else they are the parameters' names. A line of stdin is the argument itself if
  there is one parameter, else an array by position or an object by name.

Values as JSON, both ways:
  Date          "2026-01-31T12:00:00.000Z"; also read: epoch milliseconds
  bigint        "12345678901234567890", a string; also read: any integer
  Uint8Array    base64
  Set, tuple    array
  Map           object if its keys are strings, else array of [key, value]
  NaN, Infinity "NaN", "Infinity", "-Infinity"

A stream is printed as JSON lines while it runs. A method without a result
prints nothing.`;

/** `cell call` */
export function command(): AnyCommand {
  return createCommand("call", {
    description: "Call a method of a running service and print its result as JSON.",
    examples: [
      ["cell call hello greet name=World", "a field of an object"],
      [`cell call hello greet '{"name":"World"}'`, "the same as JSON"],
      ["cell call math add 1 2", "by position"],
      ["cell call shop order lines.0.sku=a lines.0.count:=2", "objects inside objects"],
      ["cell call ledger import - < transfers.jsonl", "a call per line"],
      ["cell call feed ticks --timeout 1m | head -3", "the first items of a stream"],
      ["cell call pages render url=/ --raw > page.html", "text without quotes"],
    ],
    notes: NOTES,
  })
    .usage("<service> <method> [args...] [options]")
    .argument("[service]", "the service's name", parseServiceName)
    .argument("[method]", "the method's name")
    .argument("[args...]", "see below")
    .option("-t, --timeout <duration>", "give up after this long, such as 500ms, 2s, 1m (exit code 4)", parseDuration)
    .option("-r, --raw", "print strings without quotes and bytes as they are")
    .action(async (serviceName, methodName, words, { timeout, raw }) => {
      if (serviceName === undefined) throw await whichService();
      if (methodName === undefined) throw await whichMethod(serviceName);
      const deadline = new Deadline(timeout);
      const service = await deadline.within(
        connectService(serviceName, deadline.options),
        `connecting to ${serviceName}`,
      );
      try {
        const prepared = Invocation.prepare(service, methodName, words);
        await call(await deadline.within(prepared, `asking ${serviceName} for its types`), raw === true, deadline);
      } catch (error) {
        // What the method itself refuses, or a service that it calls, is not about its signature.
        if (!(error instanceof CellError) || error.code !== "INVALID_ARGUMENT" || isAnswered(error)) throw error;
        reportError(error);
        await explain(service, methodName);
        process.exitCode = exitCodeOf(error);
      } finally {
        await service.close();
      }
    });
}

async function call(invocation: Invocation, raw: boolean, deadline: Deadline): Promise<void> {
  const { method, schema } = invocation;
  const isVoid = method.result.kind === "undefined" && !method.resultStream;
  const encode = (value: unknown): string | Uint8Array => {
    if (raw && typeof value === "string") return `${value}\n`;
    if (raw && value instanceof Uint8Array) return value;
    return JSON.stringify(toJson(value, method.result, schema.types)) + "\n";
  };
  const goesOn = method.resultStream === true || invocation.stdin === "calls";
  const output = goesOn ? new StreamOutput() : undefined;
  const take = (value: unknown): Promise<void> | void => {
    if (isVoid) return;
    return output === undefined ? print(encode(value)) : output.write(encode(value));
  };
  if (invocation.stdin === "calls") await invocation.forEachLine(take, deadline.options);
  else await invocation.once(take, deadline.options);
  await output?.end();
}

/** Says what the method takes, after an argument was refused. */
async function explain(service: RemoteService, methodName: string): Promise<void> {
  const schema = await service.schema();
  const style = stderrStyle();
  say(style.dim(`expected: ${describeMethod(methodName, findMethod(schema, methodName))}`));
  say(style.dim(`example:  ${exampleCall(service.service, methodName, schema)}`));
}

import { SECOND } from "../lib/base/mod.ts";
import { assignableNames } from "../lib/json/mod.ts";
import type { NucleusClient, ServiceStatus } from "../lib/nucleus/client/mod.ts";
import { describeMethod, type Method, type Schema } from "../lib/schema/mod.ts";
import { type CommandEntry, COMMANDS, type Operand } from "./commands.ts";
import { Deadline } from "./deadline.ts";
import { countInstances } from "./follow_service.ts";
import { TOPICS } from "./help.ts";
import { SPREADS } from "./spread.ts";

/** Somebody waits with a finger on the key: what is not known by then is left out. */
const ANSWER_TIMEOUT_MS = 3 * SECOND;

const TOKEN_ACTIONS = ["create", "ls", "revoke"];

/** One thing that fits at the cursor. */
export interface Candidate {
  value: string;
  about?: string | undefined;
}

/** What fits at the cursor. */
export interface Completion {
  candidates: Candidate[];
  /** Whether names of files fit as well. */
  files: boolean;
}

const NOTHING: Completion = { candidates: [], files: false };

/** What fits in the place of the last word, given those before it. Candidates need not begin with it. */
export async function complete(words: readonly string[]): Promise<Completion> {
  const [name, ...rest] = words;
  if (name === undefined || rest.length === 0) return { candidates: commandCandidates(), files: false };
  if (name === "help") return rest.length === 1 ? { candidates: topicCandidates(), files: false } : NOTHING;
  const entry = COMMANDS.find((candidate) => candidate.name === name);
  if (entry === undefined) return NOTHING;
  const word = rest.at(-1) ?? "";
  const { options, operands, valueOf } = await parseWords(entry, rest.slice(0, -1));
  if (valueOf === "node") return { candidates: await nodeCandidates(), files: false };
  if (valueOf === "by") return { candidates: SPREADS.map((value) => ({ value })), files: false };
  if (valueOf !== undefined) return { candidates: [], files: valueOf === "folder" || valueOf === "file" };
  if (word.startsWith("-") && word !== "-") return { candidates: options, files: false };
  const kind = entry.operands[operands.length] ?? (entry.operandsRepeat ? entry.operands.at(-1) : undefined);
  return kind === undefined ? { candidates: options, files: false } : await operandCandidates(kind, operands, word);
}

function commandCandidates(): Candidate[] {
  const commands = COMMANDS.map(({ name, summary }) => ({ value: name, about: summary }));
  return [...commands, { value: "help", about: "show help" }, { value: "--help" }, { value: "--version" }];
}

function topicCandidates(): Candidate[] {
  return [
    ...COMMANDS.map(({ name, summary }) => ({ value: name, about: summary })),
    ...TOPICS.map((value) => ({ value })),
  ];
}

/** What the words before the cursor are: operands, and whether the last is an option that still wants its value. */
async function parseWords(entry: CommandEntry, words: readonly string[]) {
  const command = (await entry.load()).command();
  const flags = command.options.flatMap((option) =>
    [option.long, option.short].flatMap((flag) => (flag ? [{ flag, option }] : []))
  );
  const operands: string[] = [];
  let valueOf: string | undefined;
  for (const word of words) {
    if (valueOf !== undefined) valueOf = undefined;
    else if (word.startsWith("-") && word !== "-") {
      const option = flags.find(({ flag }) => flag === word)?.option;
      if (option?.required) valueOf = /<(.*)>/.exec(option.flags)?.[1] ?? "";
    } else operands.push(word);
  }
  const options = command.options.flatMap((
    { long, description },
  ) => (long ? [{ value: long, about: description }] : []));
  return { options: [...options, { value: "--help", about: "show help" }], operands, valueOf };
}

async function operandCandidates(kind: Operand, operands: readonly string[], word: string): Promise<Completion> {
  switch (kind) {
    case "file":
      return { candidates: [], files: true };
    case "reference":
      return { candidates: await serviceCandidates(), files: true };
    case "service":
      return { candidates: await serviceCandidates(), files: false };
    case "deployed":
      return { candidates: await deployedCandidates(), files: false };
    case "supervised":
      return { candidates: [...await deployedCandidates(), { value: "nucleus", about: "the agent" }], files: false };
    case "count":
      return { candidates: await countCandidates(operands[0]), files: false };
    case "method":
      return { candidates: methodCandidates(await schemaOf(operands[0])), files: false };
    case "argument":
      return { candidates: argumentCandidates(await schemaOf(operands[0]), operands, word), files: false };
    case "shell":
      return { candidates: ["bash", "zsh", "fish"].map((value) => ({ value })), files: false };
    case "placed":
      return { candidates: await placedCandidates(), files: false };
    case "discovered":
      return { candidates: await discoveredCandidates(), files: false };
    case "token action":
      return { candidates: TOKEN_ACTIONS.map((value) => ({ value })), files: false };
    case "token":
      return { candidates: operands[0] === "revoke" ? await tokenCandidates() : [], files: false };
    case "members action":
      return { candidates: [{ value: "remove", about: "cut a node off" }], files: false };
    case "node":
      return { candidates: await nodeCandidates(), files: false };
    case "new":
    case "word":
      return NOTHING;
  }
}

/** What runs here, what is deployed here, and what runs on other nodes. */
async function serviceCandidates(): Promise<Candidate[]> {
  const { servedNames } = await import("../lib/service/mod.ts");
  const [deployed, anywhere] = await Promise.all([deployedServices(), ask((nucleus) => nucleus.services())]);
  const running = servedNames().map((value): Candidate => ({ value }));
  const elsewhere = (anywhere ?? []).map((value): Candidate => ({ value, about: "on another node" }));
  const byName = new Map<string, Candidate>();
  for (const candidate of [...running, ...deployed.map(aboutDeployed), ...elsewhere]) {
    if (!byName.has(candidate.value)) byName.set(candidate.value, candidate);
  }
  return [...byName.values()];
}

/** What has logs: what is deployed here, the agent, and what runs on other nodes. */
async function placedCandidates(): Promise<Candidate[]> {
  const here = [...await deployedCandidates(), { value: "nucleus", about: "the agent" }];
  const found = await ask((nucleus) => Promise.all([nucleus.cluster(), nucleus.discover()]));
  if (found === undefined) return here;
  const [{ nodeId }, instances] = found;
  const elsewhere = instances.filter((instance) => instance.nodeId !== nodeId);
  return [...here, ...new Set(elsewhere.map(({ node, service }) => `${node}/${service}`))]
    .map((candidate) => (typeof candidate === "string" ? { value: candidate } : candidate));
}

async function discoveredCandidates(): Promise<Candidate[]> {
  const instances = await ask((nucleus) => nucleus.discover()) ?? [];
  return [...Map.groupBy(instances, ({ service }) => service)].map(([value, { length }]) => ({
    value,
    about: countInstances(length),
  }));
}

async function nodeCandidates(): Promise<Candidate[]> {
  const members = await ask((nucleus) => nucleus.members()) ?? [];
  return members.map(({ name, state, isSelf }) => ({ value: name, about: isSelf ? "this node" : state }));
}

async function tokenCandidates(): Promise<Candidate[]> {
  const tokens = await ask((nucleus) => nucleus.tokens()) ?? [];
  return tokens.map(({ id, usesLeft }) => ({
    value: id,
    about: `${usesLeft} ${usesLeft === 1 ? "use" : "uses"} left`,
  }));
}

async function deployedCandidates(): Promise<Candidate[]> {
  return (await deployedServices()).map(aboutDeployed);
}

/** What a service has, none, one less, one more and twice as many instances: what people scale to. */
async function countCandidates(name: string | undefined): Promise<Candidate[]> {
  const service = (await deployedServices()).find((candidate) => candidate.name === name);
  if (service === undefined) return [];
  const { replicas } = service;
  const counts = new Set([0, replicas - 1, replicas, replicas + 1, 2 * replicas].filter((count) => count >= 0));
  return [...counts].sort((a, b) => a - b)
    .map((count) => ({ value: String(count), about: count === replicas ? "as it is" : undefined }));
}

function aboutDeployed({ name, state, replicas }: ServiceStatus): Candidate {
  return { value: name, about: `${state}, ${replicas} wanted` };
}

/** Empty without an agent, or with one that does not answer in time. */
async function deployedServices(): Promise<ServiceStatus[]> {
  return (await ask((nucleus) => nucleus.status()))?.services ?? [];
}

/** Undefined without an agent, or with one that does not answer in time. */
async function ask<T>(question: (nucleus: NucleusClient) => Promise<T>): Promise<T | undefined> {
  try {
    const { connectNucleus } = await import("../lib/nucleus/client/mod.ts");
    const deadline = new Deadline(ANSWER_TIMEOUT_MS);
    const nucleus = await deadline.within(connectNucleus({ timeoutMs: ANSWER_TIMEOUT_MS }), "connecting");
    try {
      return await deadline.within(question(nucleus), "asking the agent");
    } finally {
      await nucleus.close();
    }
  } catch {
    return undefined;
  }
}

async function schemaOf(name: string | undefined): Promise<Schema | undefined> {
  const { connectService } = await import("../lib/service/mod.ts");
  try {
    const deadline = new Deadline(ANSWER_TIMEOUT_MS);
    const service = await deadline.within(connectService(name ?? ""), "connecting");
    try {
      return await deadline.within(service.schema(), "asking for types");
    } finally {
      await service.close();
    }
  } catch {
    return undefined;
  }
}

function methodCandidates(schema: Schema | undefined): Candidate[] {
  return Object.entries(schema?.methods ?? {}).map(([value, method]) => ({ value, about: firstLine(value, method) }));
}

function firstLine(name: string, method: Method): string {
  return (method.doc ?? describeMethod(name, method)).split("\n")[0] ?? "";
}

/** `name=` for what the method takes, without what is there already; below a dot, the parts of that part. */
function argumentCandidates(schema: Schema | undefined, operands: readonly string[], word: string): Candidate[] {
  const [, methodName = "", ...words] = operands;
  const method = schema !== undefined && Object.hasOwn(schema.methods, methodName)
    ? schema.methods[methodName]
    : undefined;
  if (schema === undefined || method === undefined) return [];
  const given = new Set(words.map((given) => given.split(/:?=/)[0]));
  const path = word.split("=")[0]!.split(".").slice(0, -1);
  return assignableNames(method, path, schema.types)
    .map(({ name, values }) => ({ key: [...path, name].join("."), values }))
    .filter(({ key }) => !given.has(key))
    .flatMap(({ key, values }) =>
      word.startsWith(`${key}=`) ? values.map((value) => ({ value: `${key}=${value}` })) : [{ value: `${key}=` }]
    );
}

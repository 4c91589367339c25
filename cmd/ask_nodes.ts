import { CellError, SECOND, toCellError } from "../lib/base/mod.ts";
import { connectNucleus, type Member, type NucleusClient } from "../lib/nucleus/client/mod.ts";
import { Deadline } from "./deadline.ts";
import { say } from "./stderr.ts";
import { withoutControls } from "./without_controls.ts";

/** A node that takes longer for an answer is left out. */
export const ANSWER_MS_MAX = 5 * SECOND;
/** Each has a connection of its own to the agent here. */
export const NODES_AT_ONCE_MAX = 16;

/** What one node has answered, or why it has not. */
export type NodeAnswer<T> =
  | { readonly member: Member; readonly value: T; readonly error?: undefined }
  | { readonly member: Member; readonly value?: undefined; readonly error: CellError };

/** The nodes that may answer: those that have failed or left do not. */
export function answeringMembers(members: readonly Member[]): Member[] {
  return members.filter(({ state }) => state === "alive" || state === "suspect");
}

/**
 * Asks every one of `members` at once, up to a bound, through its own agent. In their order; one that fails or takes longer
 * than `timeoutMs` has an error for an answer, and nothing is thrown.
 */
export async function askNodes<T>(
  members: readonly Member[],
  ask: (nucleus: NucleusClient, member: Member) => Promise<T>,
  timeoutMs: number = ANSWER_MS_MAX,
  connect: (node: string) => Promise<NucleusClient> = (node) => connectNucleus({ node, timeoutMs }),
): Promise<NodeAnswer<T>[]> {
  const answers: NodeAnswer<T>[] = [];
  const waiting = [...members.entries()];
  const askNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, member] = next;
      answers[index] = await askOne(member, ask, timeoutMs, connect);
    }
  };
  await Promise.all(Array.from({ length: Math.min(NODES_AT_ONCE_MAX, members.length) }, askNext));
  return answers;
}

/** Says on stderr which nodes have not answered and why; false when there is one. */
export function sayUnanswered(answers: readonly NodeAnswer<unknown>[]): boolean {
  const failed = answers.filter(({ error }) => error !== undefined);
  for (const { member, error } of failed) {
    const what = error!.code === "PERMISSION_DENIED" ? "refuses to be managed from here" : "does not answer";
    say(`node ${withoutControls(member.name)} ${what}: ${withoutControls(error!.message)}`);
  }
  return failed.length === 0;
}

async function askOne<T>(
  member: Member,
  ask: (nucleus: NucleusClient, member: Member) => Promise<T>,
  timeoutMs: number,
  connect: (node: string) => Promise<NucleusClient>,
): Promise<NodeAnswer<T>> {
  const deadline = new Deadline(timeoutMs);
  const connecting = connect(member.id);
  try {
    const nucleus = await deadline.within(connecting, `connecting to node ${member.name}`);
    return { member, value: await deadline.within(ask(nucleus, member), `asking node ${member.name}`) };
  } catch (error) {
    return { member, error: toCellError(error) };
  } finally {
    // One that comes late is closed as well; nobody waits for that.
    void connecting.then((nucleus) => nucleus.close()).catch(() => {});
  }
}

import { CellError } from "../../base/mod.ts";
import { unionMembers } from "../resolve.ts";
import type { Definitions, Type } from "../schema.ts";
import { typeText } from "../type_text.ts";
import { unionPlan } from "../union.ts";
import type { Place, ProblemList } from "./context.ts";

/** Checks that need every definition, kept until all are there together with the place to blame. */
export class UnionChecks {
  private readonly unions: { type: Type; place: Place }[] = [];
  private readonly keys: { type: Type; place: Place }[] = [];

  /** A union must be one whose members a receiver can tell apart. */
  union(type: Type, place: Place): void {
    this.unions.push({ type, place });
  }

  /** The keys of a map must be values that can be compared. */
  mapKey(type: Type, place: Place): void {
    this.keys.push({ type, place });
  }

  /** Adds a problem for every check that fails. */
  run(definitions: Definitions, problems: ProblemList): void {
    for (const { type, place } of this.unions) {
      try {
        unionPlan(type, definitions);
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        const [message = "", ...advice] = error.message.split("; ");
        problems.add(place, message, advice.join("; "));
      }
    }
    for (const { type, place } of this.keys) {
      const wrong = unionMembers(type, definitions).find((member) => !KEY_KINDS.has(member.kind));
      if (wrong === undefined) continue;
      const found = typeText(wrong, definitions);
      problems.add(place, `the keys of a map cannot be ${found}`, "use string, number, bigint or literals as keys");
    }
  }
}

const KEY_KINDS: ReadonlySet<Type["kind"]> = new Set(
  ["string", "number", "integer", "bigint", "boolean", "literal", "bigintLiteral"] as const,
);

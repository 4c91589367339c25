/**
 * Schemas as people and the TypeScript checker read them.
 *
 * Everything printed here may come from a schema that another process made, and goes into files that a checker and an
 * editor read. So no name and no text is printed as it is where it could end what it stands in: names of types become
 * identifiers, other names and literals are quoted, descriptions cannot close their comment.
 *
 * What is printed can be read again: constraints are the JSDoc tags that the reader understands, so a type that a
 * service takes over from another one's declarations keeps them.
 */
export { declareModule } from "./declare.ts";
export { describeMethod, describeSchema } from "./describe.ts";

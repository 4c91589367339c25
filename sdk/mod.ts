/**
 * What user code gets for `import ... from "cell"`. `cell.d.ts` is its surface, for editors and for the schema reader; this
 * file is the code behind it, and a test holds each to the other. There is one instance of it in a process, inside the
 * binary: a module that lies anywhere on the disk gets the same classes that the server and the clients use, so
 * `error instanceof CellError` holds wherever the error was made.
 *
 * Turned down: an npm package with the SDK (nothing has to be installed), and putting `context` into every function's
 * parameters (a signature is what the caller passes; what surrounds a call is ambient).
 */
export { connect } from "./connect.ts";
export { context } from "./context.ts";
export { method } from "./method.ts";
export { CellError } from "../lib/base/mod.ts";

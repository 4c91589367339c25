import { inheritClaim } from "../../lib/service/mod.ts";
import { serveFile } from "../serve_file.ts";

/**
 * `cell __serve FILE NAME LOCK_FD ARG...`: what `cell run --watch` starts after every change. The parent holds the name;
 * its lock is open here as LOCK_FD.
 */
export async function main([file = "", name = "", lockFd = "", ...args]: string[]): Promise<void> {
  await serveFile(file, { name, claim: inheritClaim(name, Number(lockFd)), args });
}

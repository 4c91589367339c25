import { inheritClaim } from "../../lib/service/mod.ts";
import { serveFile } from "../serve_file.ts";

/**
 * `cell __serve FILE NAME LOCK_FD PARENT_FD ARG...`: what `cell run --watch` starts after every change. The parent holds
 * the name; its lock is open here as LOCK_FD, and PARENT_FD is a pipe that ends with the parent.
 */
export async function main([file = "", name = "", lockFd = "", parentFd = "", ...args]: string[]): Promise<void> {
  const parent = { claim: inheritClaim(name, Number(lockFd)), fd: Number(parentFd) };
  await serveFile(file, { name, parent, args });
}

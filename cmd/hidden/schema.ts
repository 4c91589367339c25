import { cacheSchema } from "../../lib/service/mod.ts";

/** `cell __schema FILE NAME`: reads a file's schema into the cache, so that the compiler's memory goes with this process. */
export async function main([file = "", name = ""]: string[]): Promise<void> {
  await cacheSchema(file, name);
}

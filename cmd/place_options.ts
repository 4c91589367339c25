import { type InitResult } from "../lib/nucleus/home/mod.ts";
import { say } from "./stderr.ts";

/** What `--region` and `--zone` say in a command that may be a node's first. */
export const REGION = 'where this node is (default: "default")';
export const ZONE = 'a part of the region that fails as one (default: "default")';

/** Where a node is to be, as the options of a command say. */
export interface Place {
  region?: string;
  zone?: string;
}

/** The options of a command that are given. */
export function placeOf({ region, zone }: { region?: string | undefined; zone?: string | undefined }): Place {
  return { ...(region === undefined ? {} : { region }), ...(zone === undefined ? {} : { zone }) };
}

/** Says what an agent that was running when its node was put somewhere does not know. */
export function sayUnread({ isMoved }: Pick<InitResult, "isMoved">, isRunning: boolean): void {
  if (isMoved && isRunning) say("the nucleus that runs has not read where this node is: cell restart nucleus");
}

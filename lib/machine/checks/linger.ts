import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { type Check, type Finding, ok, warn } from "../check.ts";

/** What there is of systemd for this user. */
export interface UserManager {
  user: string;
  isRoot: boolean;
  /** Whether systemd runs this machine. */
  hasSystemd: boolean;
  /** Whether there is a unit of the user that runs the agent. */
  hasUnit: boolean;
  /** Whether the user's services go on without anybody logged in. */
  lingers: boolean;
}

/** Whether an agent that systemd runs for this user outlives the logout. */
export const LINGER: Check = { name: "after logout", run: () => examineLinger(userManager()) };

/** The finding for a user. What nobody asked systemd for is no fault. */
export function examineLinger({ user, isRoot, hasSystemd, hasUnit, lingers }: UserManager): Finding {
  if (!hasSystemd) return ok("no systemd here: whoever starts the agent decides how long it runs");
  if (isRoot) return ok("root's processes go on");
  if (lingers) return ok(`systemd keeps services of ${user} running`);
  const found = `systemd ends services of ${user} at logout`;
  const advice = `\`sudo loginctl enable-linger ${user}\` keeps them running`;
  return hasUnit ? warn(found, advice) : ok(`${found}; ${advice}`);
}

function userManager(): UserManager {
  const { username, uid } = userInfo();
  return {
    user: username,
    isRoot: uid === 0,
    hasSystemd: existsSync("/run/systemd/system"),
    hasUnit: existsSync(join(homedir(), ".config/systemd/user/cell.service")),
    lingers: existsSync(`/var/lib/systemd/linger/${username}`),
  };
}

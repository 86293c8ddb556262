import { RepositoryLocks } from "../../src/main/library/folder-lock.ts";
import { systemClock } from "../../src/shared/clock.ts";

/** Works on a repository's files until it is killed: `node lock-process.ts <root> <repo>`. Says "locked" when it does. */
const [root = "", repo = ""] = process.argv.slice(2);
await new RepositoryLocks(root, systemClock).enter(repo);
process.send!("locked");
setInterval(() => {}, 1_000);

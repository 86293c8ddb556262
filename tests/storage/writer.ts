import { systemClock } from "../../src/shared/clock.ts";
import { Database } from "../../src/main/storage/database.ts";
import { History } from "../../src/main/storage/history.ts";
import { newTurn } from "./turns.ts";

/** Adds turns until it is killed, and tells its parent of each that was stored. */
const history = new History(
  new Database({ file: process.argv[2]!, clock: systemClock, onNotice: console.error }),
  systemClock,
);
let index = 0;
setInterval(() => {
  const id = `t${index++}`;
  history.addTurn(newTurn(id, "c1"));
  process.send!(id);
}, 1);

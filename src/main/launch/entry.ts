import { AppError } from "../../shared/errors.ts";
import { hostUsage, parseHostArguments, type StartArguments } from "./arguments.ts";

/** Runs an entry file: reads the command line, prints one clear line on failure, sets the exit code (2: bad input). */
export async function runEntry(run: (parameters: StartArguments) => Promise<void>): Promise<void> {
  try {
    const parameters = parseHostArguments(process.argv.slice(2));
    if (parameters.wantsHelp) console.log(hostUsage);
    else await run(parameters);
  } catch (error) {
    const { code, message } = AppError.from(error);
    console.error(`parley: ${message}`);
    process.exitCode = code === "bad-input" ? 2 : 1;
  }
}

import { AppError, isCancelled, type AppErrorCode } from "../shared/errors.ts";
import { ask, type Output } from "./cli/ask.ts";
import { helpText } from "./cli/help.ts";
import { latency } from "./cli/latency.ts";
import { models } from "./cli/models.ts";
import { readCommand } from "./cli/options.ts";
import { providers } from "./cli/providers.ts";
import { transcribe } from "./cli/transcribe.ts";

/** Faults of what was given to us, as opposed to faults of the machine or the models: exit code 2. */
const inputErrors: ReadonlySet<AppErrorCode> = new Set([
  "bad-audio",
  "audio-too-long",
  "bad-input",
  "file-unreadable",
  "file-unwritable",
  "voice-unknown",
  "context-full",
]);

const output: Output = {
  reply: (text) => void process.stdout.write(text),
  progress: (line) => void process.stderr.write(`${line}\n`),
};

async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    const command = readCommand(args);
    switch (command.name) {
      case "help":
        output.reply(helpText);
        return 0;
      case "ask":
        return await ask(command, output, signal);
      case "transcribe":
        return await transcribe(command, output, signal);
      case "models":
        return await models(command.options, output, signal);
      case "providers":
        return await providers(command, output, signal);
      default:
        return await latency(command, output, signal);
    }
  } catch (error) {
    if (signal.aborted && isCancelled(error)) return 130;
    const { code, message } = AppError.from(error);
    output.progress(message);
    return inputErrors.has(code) ? 2 : 1;
  }
}

const interruption = new AbortController();
process.on("SIGINT", () => {
  // The first asks for an orderly end, the second does not ask. Model processes end with their parent.
  if (interruption.signal.aborted) process.exit(130);
  interruption.abort(new AppError("cancelled", "Interrupted."));
});
process.on("SIGTERM", () => interruption.abort(new AppError("cancelled", "Ended.")));
// A reader that has seen enough (`| head`) closes the pipe: that ends us, without a complaint.
process.stdout.on("error", () => interruption.abort(new AppError("cancelled", "Nobody reads the reply.")));

// npm runs a script in the package's folder; names of files are meant in the one the person is in.
if (process.env["npm_lifecycle_event"] && process.env["INIT_CWD"]) process.chdir(process.env["INIT_CWD"]);

// No timer of the supervisor holds the process, and while all models are down nothing else does.
const stay = setInterval(() => {}, 60_000);
process.exitCode = await run(process.argv.slice(2), interruption.signal);
clearInterval(stay);

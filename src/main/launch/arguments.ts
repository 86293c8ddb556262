import { parseArgs } from "node:util";
import { AppError } from "../../shared/errors.ts";

export interface HostArguments {
  /** 0 for any free port. */
  readonly port: number;
  readonly opensBrowser: boolean;
  /** Overrides the settings for this run. */
  readonly model: string | undefined;
  readonly wantsHelp: boolean;
}

export interface StartArguments extends HostArguments {
  /** Use the browser even where a desktop window is possible. */
  readonly browser: boolean;
}

export const hostUsage = `Usage: npm start -- [options]

  --browser      use the browser even where a desktop window is possible
  --port N       listen on this port of 127.0.0.1 (default: any free one)
  --no-open      print the address and do not open a browser
  --model NAME   use this model for this run: "nano", or a folder with voxtral/ and kokoro/
  --help         show this
`;

/** Reads the command line of `npm start` and of the browser host. Throws AppError `bad-input`. */
export function parseHostArguments(parameters: readonly string[]): StartArguments {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...parameters],
      options: {
        browser: { type: "boolean", default: false },
        port: { type: "string", default: "0" },
        "no-open": { type: "boolean", default: false },
        model: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new AppError(
      "bad-input",
      `${error instanceof Error ? error.message : "Unknown option."} Try --help.`,
    );
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new AppError("bad-input", `"${values.port}" is not a port: give a number from 0 to 65535.`);
  }
  return {
    port,
    opensBrowser: !values["no-open"],
    model: values.model,
    wantsHelp: values.help,
    browser: values.browser,
  };
}

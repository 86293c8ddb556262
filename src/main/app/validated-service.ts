import type { z } from "zod";
import { appCalls, appNotices, type AppService } from "../../shared/app-contract.ts";
import { AppError } from "../../shared/errors.ts";
import type { Port } from "../../shared/port.ts";
import { serve, type CallContext, type RpcServer } from "../../shared/rpc.ts";
import { trusted } from "../../shared/rpc-wire.ts";

type Calls = typeof appCalls;
type Notices = typeof appNotices;

/** What the app answers, with parameters as the schemas leave them: defaults filled in, unknown fields gone. */
export interface AppHandlers {
  readonly calls: {
    readonly [K in keyof Calls]: (
      params: z.output<Calls[K]["params"]>,
      context: CallContext,
    ) => AppService["calls"][K]["result"] | Promise<AppService["calls"][K]["result"]>;
  };
  readonly notices: { readonly [K in keyof Notices]: (params: z.output<Notices[K]>) => void };
}

type Handler = (params: unknown, context?: CallContext) => unknown;

/**
 * Serves the app to one page. Whatever the page sends is parsed before a handler sees it: a wrong call is answered with
 * `bad-input`, a wrong notice is dropped. `report` hears of a page's first mistake, in words that hold none of its data.
 */
export function serveValidated(
  port: Port,
  handlers: AppHandlers,
  report: (error: AppError) => void,
): RpcServer<AppService> {
  let hasReported = false;
  const reportOnce = (error: AppError): void => {
    if (hasReported) return;
    hasReported = true;
    report(error);
  };
  // Name, schema and handler belong together by the types above; a table of all of them can only be unknown.
  const callHandlers: Record<string, Handler> = trusted(handlers.calls);
  const noticeHandlers: Record<string, Handler> = trusted(handlers.notices);
  const calls = Object.entries<{ params: z.ZodType }>(appCalls).map(([name, { params: schema }]) => [
    name,
    (params: unknown, context: CallContext) => {
      const parsed = schema.safeParse(params);
      if (parsed.success) return callHandlers[name]!(parsed.data, context);
      const error = new AppError("bad-input", `The message "${name}" is not valid${fieldsOf(parsed.error)}.`);
      reportOnce(error);
      throw error;
    },
  ]);
  const notices = Object.entries<z.ZodType>(appNotices).map(([name, schema]) => [
    name,
    (params: unknown) => {
      const parsed = schema.safeParse(params);
      if (parsed.success) noticeHandlers[name]!(parsed.data);
      else
        reportOnce(new AppError("bad-input", `The notice "${name}" is not valid${fieldsOf(parsed.error)}.`));
    },
  ]);
  return serve<AppService>(
    port,
    trusted({ calls: Object.fromEntries(calls), streams: {}, notices: Object.fromEntries(notices) }),
    { report },
  );
}

/** The names of the wrong fields; a record's keys are the page's own words, so only what looks like a name is said. */
function fieldsOf(error: z.ZodError): string {
  const fields = error.issues.map((issue) => issue.path.join("."));
  const names = [...new Set(fields)].filter((field) => /^[a-zA-Z.]{1,40}$/.test(field));
  return names.length > 0 ? ` (${names.join(", ")})` : "";
}

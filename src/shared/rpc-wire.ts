import { z } from "zod";
import { AppError, appErrorCodes } from "./errors.ts";

/**
 * The messages of rpc: one tagged union, checked on arrival because a peer may be of another version, broken or
 * hostile. Payloads stay unknown here; services validate what comes from outside the app themselves.
 */

const id = z.number().int().nonnegative();
const name = z.string();
const credits = z.number().int().positive();

const errorSchema = z.object({
  code: z.enum(appErrorCodes),
  message: z.string(),
  details: z.unknown().optional(),
});

/** What a client sends: `credits` in a call makes it a stream, and is how many parts may be under way. */
const toServerSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("call"), id, method: name, params: z.unknown(), credits: credits.optional() }),
  z.object({ type: z.literal("cancel"), id }),
  z.object({ type: z.literal("credit"), id, credits }),
  z.object({ type: z.literal("notice"), method: name, params: z.unknown() }),
]);

/** What a server sends. `result`, `error` and `stream-end` are final for their id. */
const toClientSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("result"), id, value: z.unknown() }),
  z.object({ type: z.literal("error"), id, error: errorSchema }),
  z.object({ type: z.literal("part"), id, value: z.unknown() }),
  z.object({ type: z.literal("stream-end"), id }),
  z.object({ type: z.literal("event"), event: name, value: z.unknown() }),
]);

export type ToServer = z.infer<typeof toServerSchema>;
export type ToClient = z.infer<typeof toClientSchema>;

/** Parts a producer may send before the consumer has taken any: deep enough for a burst, small for a slow page. */
export const streamWindow = 32;

const toServerTypes: ReadonlySet<string> = new Set(toServerSchema.options.map((o) => o.shape.type.value));
const toClientTypes: ReadonlySet<string> = new Set(toClientSchema.options.map((o) => o.shape.type.value));

const tagged = z.object({ type: z.string() });

export type Parsed<Message> = { readonly message: Message } | "not-mine" | "malformed";

/** Reads a message as the server's end: a well-formed message for a client is `not-mine`. Never throws. */
export function parseForServer(message: unknown): Parsed<ToServer> {
  return parse(message, toServerSchema, toClientTypes);
}

/** Reads a message as the client's end. Never throws. */
export function parseForClient(message: unknown): Parsed<ToClient> {
  return parse(message, toClientSchema, toServerTypes);
}

function parse<Schema extends z.ZodType>(
  message: unknown,
  schema: Schema,
  othersTypes: ReadonlySet<string>,
): Parsed<z.infer<Schema>> {
  const result = schema.safeParse(message);
  if (result.success) return { message: result.data };
  // The other role at this end of the port judges the content of its own messages.
  const envelope = tagged.safeParse(message).data;
  return envelope !== undefined && othersTypes.has(envelope.type) ? "not-mine" : "malformed";
}

/**
 * Gives a payload the type its service shape promises. Both ends are compiled against one shape, so this is the one
 * place where the wire's unknowns become typed; envelopes are checked, payloads from pages and sockets are parsed by
 * the services that take them.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's context names the type
export function trusted<T>(payload: unknown): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return payload as T;
}

/** Where an end of rpc reports what went wrong without a caller to tell. */
export type Report = (error: AppError) => void;

/** Writes the sentence only: messages may hold the user's words. */
export const reportToConsole: Report = (error) => console.warn(`rpc: ${error.message}`);

/** Reports the first breach of the wire contract and stays silent about the rest: a broken peer breaks it a lot. */
export function onceForBreach(report: Report): (what: string) => void {
  let hasReported = false;
  return (what) => {
    if (hasReported) return;
    hasReported = true;
    report(
      new AppError(
        "protocol",
        `The other end broke the message contract: ${what}. Further breaches are not reported.`,
      ),
    );
  };
}

import type { Session } from "electron";
import { isAppUrl } from "./origin.ts";

/** What a page asks Chromium for, reduced to what the decision needs. */
export interface PermissionQuestion {
  readonly permission: string;
  readonly requestingUrl: string;
  readonly isMainFrame: boolean;
  /** For `media`: which kinds. A check (unlike a request) names at most one and may name none. */
  readonly mediaTypes: readonly string[];
}

/**
 * The table: everything not named here is refused. Each line says why it is needed.
 * `media` is the microphone and only the microphone; a request that also wants the camera is refused whole.
 */
const allowed: Readonly<Record<string, (question: PermissionQuestion) => boolean>> = {
  // Push-to-talk listens to the microphone.
  media: ({ mediaTypes }) => mediaTypes.every((type) => type === "audio") && mediaTypes.length > 0,
  // Settings let the person pick the speaker (setSinkId).
  "speaker-selection": () => true,
  // "Copy" on a reply.
  "clipboard-sanitized-write": () => true,
};

/** Pure decision for request and check handlers alike: our origin, main frame, and a line in the table. */
export function isPermitted(question: PermissionQuestion): boolean {
  if (!question.isMainFrame || !isAppUrl(question.requestingUrl)) return false;
  return Object.hasOwn(allowed, question.permission) && allowed[question.permission]!(question);
}

/** Puts the table into force for every page of `session`; device, screen, and USB choosers are refused outright. */
export function installPermissions(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, callback, details) => {
    const mediaTypes = "mediaTypes" in details && Array.isArray(details.mediaTypes) ? details.mediaTypes : [];
    callback(
      isPermitted({
        permission,
        requestingUrl: details.requestingUrl || contents.getURL(),
        isMainFrame: details.isMainFrame,
        mediaTypes,
      }),
    );
  });
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin, details) => {
    const mediaType = details.mediaType;
    return isPermitted({
      permission,
      requestingUrl: details.requestingUrl ?? requestingOrigin,
      isMainFrame: details.isMainFrame,
      // `enumerateDevices` checks without a type before any grant: labels stay hidden until the person agreed.
      mediaTypes: mediaType === undefined || mediaType === "unknown" ? [] : [mediaType],
    });
  });
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, callback) => callback({}));
  session.setUSBProtectedClassesHandler(({ protectedClasses }) => protectedClasses);
}

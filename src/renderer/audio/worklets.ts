// Only this form of import gives a transpiled file of our own origin; `new URL(…)` would inline raw TypeScript as data.
/* oxlint-disable import/default -- the default export is made by the bundler */
import captureWorkletUrl from "./capture.worklet.ts?worker&url";
import playbackWorkletUrl from "./playback.worklet.ts?worker&url";

export { captureWorkletUrl, playbackWorkletUrl };

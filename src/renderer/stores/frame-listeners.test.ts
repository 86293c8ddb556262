import { expect, test } from "vitest";
import { createStore } from "zustand/vanilla";
import { FrameListeners } from "./frame-listeners.ts";

function setUp() {
  const frames: (() => void)[] = [];
  const listeners = new FrameListeners((run) => frames.push(run));
  const store = createStore(() => ({ tokens: 0 }));
  const seen: string[] = [];
  const listen = (name: string) =>
    listeners.subscribe(store.subscribe, () => seen.push(`${name} ${store.getState().tokens}`));
  return { frames, store, seen, listen };
}

test("R14 what arrives between two pictures is drawn once, with all of it", () => {
  const { frames, store, seen, listen } = setUp();
  listen("a");
  listen("b");
  for (let tokens = 1; tokens <= 12; tokens++) store.setState({ tokens });
  expect(store.getState().tokens).toBe(12);
  expect(seen).toEqual([]);
  expect(frames).toHaveLength(1);
  frames.shift()!();
  expect(seen).toEqual(["a 12", "b 12"]);
  store.setState({ tokens: 13 });
  frames.shift()!();
  expect(seen).toEqual(["a 12", "b 12", "a 13", "b 13"]);
});

test("a change made while drawing is for the next picture", () => {
  const { frames, store, seen, listen } = setUp();
  listen("a");
  const stop = store.subscribe(({ tokens }) => void (tokens === 1 && store.setState({ tokens: 2 })));
  store.setState({ tokens: 1 });
  stop();
  frames.shift()!();
  expect(seen).toEqual(["a 2"]);
  expect(frames).toEqual([]);
});

test("one that is gone is not called, although its change came before", () => {
  const { frames, store, seen, listen } = setUp();
  const remove = listen("a");
  listen("b");
  store.setState({ tokens: 1 });
  remove();
  frames.shift()!();
  store.setState({ tokens: 2 });
  frames.shift()!();
  expect(seen).toEqual(["b 1", "b 2"]);
});

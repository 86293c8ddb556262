import { describe, expect, test } from "vitest";
import { defaultSettings } from "../../shared/settings.ts";
import { createStores } from "../stores/stores.ts";
import { echoDevices, isEchoValid, voidsEcho } from "./echo-check.ts";

const { audio } = defaultSettings();

describe("whether an echo test still holds", () => {
  test.each([
    ["nothing that matters", { preRollMs: 500 }, false],
    ["another device, which is known by its name", { outputDeviceId: "b" }, false],
    ["softer", { volume: 0.5 }, false],
    ["no echo cancellation", { echoCancellation: false }, true],
    ["noise suppression", { noiseSuppression: true }, true],
  ])("R13 after a change of settings: %s", (_, change, isVoid) => {
    expect(voidsEcho(audio, { ...audio, ...change })).toBe(isVoid);
  });

  test("R13 turned up, the microphone hears more of the answer", () => {
    expect(voidsEcho({ ...audio, volume: 0.5 }, audio)).toBe(true);
  });

  test("R13 it belongs to its devices: the chosen ones, or what the system's default means now", () => {
    const stores = createStores();
    const devices = {
      inputs: [],
      outputs: [{ id: "b", label: "Boom box" }],
      defaultOutput: "Default - Headphones",
    };
    stores.microphone.setState({ state: "armed", label: "Desk microphone", devices });
    const before = echoDevices(stores);
    expect(before).toEqual({ inputLabel: "Desk microphone", outputLabel: "Default - Headphones" });
    const echo = { bleedDb: -40, duplex: "full", measuredAtMs: 0, ...before } as const;
    expect(isEchoValid(echo, echoDevices(stores))).toBe(true);

    stores.microphone.setState({ devices: { ...devices, defaultOutput: "Default - Speakers" } });
    expect(isEchoValid(echo, echoDevices(stores))).toBe(false);

    const settings = defaultSettings();
    stores.settings.setState({
      settings: { ...settings, audio: { ...settings.audio, outputDeviceId: "b" } },
    });
    expect(echoDevices(stores).outputLabel).toBe("Boom box");
  });
});

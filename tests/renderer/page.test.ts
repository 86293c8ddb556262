import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { chromiumPath, PageHost } from "./page-host.ts";

/** The state in which nothing happens. */
const idle = {
  phase: "idle",
  conversationId: "conversation-1",
  turnId: null,
  utteranceId: null,
  isMuted: false,
  isHeld: false,
};

/** The built page in a real browser, behind the product's own headers, against a scripted main side. */
describe.skipIf(chromiumPath === undefined)("the page", () => {
  let host: PageHost;

  beforeAll(async () => {
    host = await PageHost.start();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await host.reset();
  });

  const talk = (page: Page) => page.locator("button[data-talk]");
  const calls = (page: Page, name: string) =>
    page.evaluate((wanted) => window.scriptedMain?.log.filter((call) => call.name === wanted) ?? [], name);
  const waitForPhase = (page: Page, phase: string) =>
    page.waitForSelector(`button[data-talk][data-phase=${phase}]`);
  const askSample = async (page: Page): Promise<void> => {
    await page.getByRole("button", { name: "What colour is the sky?" }).click();
    // The view follows a frame later: until then it still shows the idle phase that the tests wait for at the end.
    await page.waitForSelector("button[data-talk]:not([data-phase=idle])");
  };

  describe.each(["light", "dark"] as const)("%s", (theme) => {
    test.each([
      ["conversation", "#/", {}],
      ["empty conversation", "#/", { start: { isEmpty: true } }],
      ["dashboard", "#/dashboard", {}],
      ["empty dashboard", "#/dashboard", { start: { isEmpty: true } }],
      ["settings", "#/settings", {}],
      ["overlay", "#/overlay", { width: 420, height: 148 }],
      ["narrow conversation", "#/", { width: 480, height: 720 }],
      ["muted", "#/", { start: { state: { isMuted: true } } }],
      ["hands-free", "#/", { start: { isHandsFree: true, state: { phase: "listening" } } }],
      [
        "hands-free, held",
        "#/",
        { start: { isHandsFree: true, state: { phase: "speaking", isHeld: true } } },
      ],
      [
        "hands-free overlay",
        "#/overlay",
        { width: 420, height: 148, start: { isHandsFree: true, state: { phase: "listening" } } },
      ],
    ] as const)(
      "R26 %s: no axe violation, no console message, nothing fetched from elsewhere",
      async (_, hash, options) => {
        const page = await host.open({ theme, hash, reducedMotion: true, ...options });
        await page.waitForFunction(() => document.querySelector("[data-theme]") !== null);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
        expect(host.problems).toEqual([]);
      },
    );
  });

  test("R5 what the worklet puts out is the chunks sample for sample, without gap or underrun", async () => {
    const page = await host.open({ search: "?tap=1", start: { isEmpty: true } });
    await askSample(page);
    await waitForPhase(page, "idle");
    const heard = await page.evaluate(() => {
      const [turnId = ""] = window.parleyTap?.turns() ?? [];
      const received = window.parleyTap?.received(turnId) ?? new Float32Array();
      const rendered = window.parleyTap?.rendered(turnId) ?? new Float32Array();
      return {
        samples: received.length,
        firstDifference: received.findIndex((sample, index) => sample !== rendered[index]),
        tail: rendered.subarray(received.length).every((sample) => sample === 0),
        last: window.scriptedMain?.played.at(-1),
      };
    });
    expect(heard.samples).toBeGreaterThan(100_000);
    expect(heard).toMatchObject({ firstDifference: -1, tail: true });
    expect(heard.last).toMatchObject({ ended: true, playedSamples: heard.samples, underruns: 0 });
    expect(host.problems).toEqual([]);
  });

  test("R15 the player tells once when the first sample was heard, then about every 20 ms how far it is", async () => {
    const page = await host.open({ start: { isEmpty: true } });
    await askSample(page);
    await waitForPhase(page, "idle");
    const { reports, now } = await page.evaluate(() => ({
      reports: window.scriptedMain?.played ?? [],
      now: performance.timeOrigin + performance.now(),
    }));
    const first = reports.filter(({ firstHeardAtMs }) => firstHeardAtMs !== undefined);
    expect(first).toHaveLength(1);
    expect(first[0]?.firstHeardAtMs).toBeGreaterThanOrEqual(first[0]?.firstReceivedAtMs ?? Infinity);
    expect(first[0]?.firstHeardAtMs).toBeLessThan(now);
    const steps = reports.map(
      ({ playedSamples }, index) => playedSamples - (reports[index - 1]?.playedSamples ?? 0),
    );
    expect(steps.every((step) => step >= 0)).toBe(true);
    // 20 ms at 24 kHz is 480 samples, rounded up to whole blocks of 128.
    expect(Math.max(...steps)).toBeLessThanOrEqual(512);
  });

  test("R46 a press while it speaks is silent within 50 ms, keeps listening, and nothing of the old reply follows", async () => {
    const page = await host.open({ search: "?tap=1", start: { isEmpty: true } });
    await askSample(page);
    await page.waitForSelector("mark");
    await page.keyboard.down("Space");
    await waitForPhase(page, "listening");
    const cut = await page.evaluate(() => {
      const [turnId = ""] = window.parleyTap?.turns() ?? [];
      const rendered = window.parleyTap?.rendered(turnId) ?? new Float32Array();
      const received = window.parleyTap?.received(turnId) ?? new Float32Array();
      const ended = window.scriptedMain?.played.find((report) => report.ended);
      return {
        played: ended?.playedSamples ?? -1,
        lastAudible: rendered.findLastIndex((sample) => sample !== 0),
        isWhole: rendered.length >= received.length,
      };
    });
    // Everything after what counts as played is the fade: 10 ms of 24 kHz.
    expect(cut.played).toBeGreaterThan(0);
    expect(cut.lastAudible - cut.played).toBeLessThan(240);
    expect(cut.isWhole).toBe(false);
    await page.keyboard.up("Space");
    await page.keyboard.press("Alt+Digit2");
    const shown = await page.getByText("Newest stop").locator("xpath=following-sibling::dd").textContent();
    expect(Number.parseFloat(shown ?? "")).toBeLessThanOrEqual(50);
    expect((await calls(page, "turn.interrupt")).length).toBe(1);
    expect((await calls(page, "listen.begin")).length).toBe(1);
  });

  test("R13 a held answer goes on where it stopped: nothing missing, nothing twice, no click", async () => {
    const page = await host.open({ search: "?tap=1", start: { isEmpty: true } });
    await askSample(page);
    await page.waitForSelector("mark");
    const gain = (value: number, fadeMs: number) =>
      page.evaluate(
        ([wanted, fade]) => {
          const [turnId = ""] = window.parleyTap?.turns() ?? [];
          window.scriptedMain?.emit("player.gain", { turnId, gain: wanted, fadeMs: fade });
        },
        [value, fadeMs] as const,
      );
    await gain(0, 10);
    await page.waitForFunction(() => window.scriptedMain?.played.some((report) => report.silentAtMs));
    const held = await page.evaluate(() => window.scriptedMain?.played.at(-1)?.playedSamples);
    await gain(1, 20);
    await waitForPhase(page, "idle");
    const heard = await page.evaluate(() => {
      const [turnId = ""] = window.parleyTap?.turns() ?? [];
      const received = window.parleyTap?.received(turnId) ?? new Float32Array();
      const rendered = window.parleyTap?.rendered(turnId) ?? new Float32Array();
      const silence = window.scriptedMain?.played.find((report) => report.silentAtMs);
      const at = silence?.playedSamples ?? -1;
      const fade = 240;
      const quietFrom = at + fade;
      const resumed = rendered.findIndex((sample, index) => index > quietFrom && sample !== 0);
      // Both ramps are left out: 10 ms down and 20 ms up, of 24 kHz.
      const after = received.subarray(at + 480);
      let steepest = 0;
      for (let index = 1; index < rendered.length; index++) {
        if (index === received.length + resumed - at) break;
        steepest = Math.max(steepest, Math.abs(rendered[index]! - rendered[index - 1]!));
      }
      return {
        at,
        before: received.subarray(0, at).findIndex((sample, index) => sample !== rendered[index]),
        pause: resumed - quietFrom,
        after: after.findIndex((sample, index) => sample !== rendered[resumed + 480 + index]),
        steepest,
        last: window.scriptedMain?.played.at(-1),
        samples: received.length,
        silentAtMs: silence?.silentAtMs ?? 0,
        now: performance.timeOrigin + performance.now(),
      };
    });
    expect(heard.at).toBeGreaterThan(0);
    expect(held).toBe(heard.at);
    expect(heard).toMatchObject({ before: -1, after: -1 });
    expect(heard.pause).toBeGreaterThan(0);
    expect(heard.last).toMatchObject({ ended: true, playedSamples: heard.samples, underruns: 0 });
    expect(heard.silentAtMs).toBeLessThan(heard.now);
    // The scripted voice moves 0.005 a sample; a ramp of 10 ms from its loudest adds 0.0008 to that.
    expect(heard.steepest).toBeLessThan(0.007);
    expect(host.problems).toEqual([]);
  });

  test("R14 words are marked in order while they are spoken, and the mark goes with the sound", async () => {
    const page = await host.open({ start: { isEmpty: true } });
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seenWords: seen });
      new MutationObserver(() => {
        const word = document.querySelector("mark")?.textContent;
        if (word && seen.at(-1) !== word) seen.push(word);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await askSample(page);
    await waitForPhase(page, "idle");
    const seen = await page.evaluate(() => Reflect.get(window, "seenWords"));
    expect(seen).toEqual(
      "The sky is blue. Air scatters the short waves of sunlight far more than the long ones.".split(" "),
    );
    expect(await page.locator("mark").count()).toBe(0);
  });

  test("R12 the microphone sends 16 kHz mono while it is on, and mute really stops it", async () => {
    const page = await host.open();
    const microphone = () => page.evaluate(() => ({ ...window.scriptedMain?.microphone }));
    expect(await microphone()).toMatchObject({ blocks: 0 });
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.waitForFunction(() => (window.scriptedMain?.microphone.blocks ?? 0) > 20);
    const { blocks = 0, samples = 0, sampleRateHz } = await microphone();
    expect(sampleRateHz).toBe(16_000);
    expect(samples / blocks / 16).toBeGreaterThanOrEqual(8);
    expect(samples / blocks / 16).toBeLessThanOrEqual(16);
    await page.getByRole("button", { name: "Microphone on" }).click();
    await page.getByRole("button", { name: "Microphone muted" }).waitFor();
    expect((await calls(page, "mic.state")).at(-1)).toMatchObject({ params: { state: "muted" } });
    expect(await calls(page, "mic.mute")).toMatchObject([{ params: { muted: true } }]);
  });

  test("R12 a remembered microphone opens by itself, a muted one does not", async () => {
    const page = await host.open();
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Microphone on" }).click();
    await page.getByRole("button", { name: "Microphone muted" }).waitFor();
    await page.reload();
    await page.waitForFunction(() => window.scriptedMain?.log.some(({ name }) => name === "latency.list"));
    expect(await page.getByRole("button", { name: "Microphone off" }).count()).toBe(1);
  });

  test("R13 M mutes for every window: the tracks are stopped, and unmuting anywhere opens it again", async () => {
    const page = await host.open();
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const open = mediaDevices.getUserMedia.bind(mediaDevices);
      const tracks: MediaStreamTrack[] = [];
      Object.assign(window, { tracks });
      mediaDevices.getUserMedia = async (constraints) => {
        const stream = await open(constraints);
        tracks.push(...stream.getTracks());
        return stream;
      };
    });
    const trackStates = () =>
      page.evaluate(() =>
        (Reflect.get(window, "tracks") as MediaStreamTrack[]).map(({ readyState }) => readyState),
      );
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press("m");
    await page.getByRole("button", { name: "Microphone muted" }).waitFor();
    expect(await trackStates()).toEqual(["ended"]);
    await page.getByText("Nothing is recorded").waitFor();

    await talk(page).click();
    await page.getByText("The microphone is muted. Unmute it to talk.").first().waitFor();
    expect(await calls(page, "listen.begin")).toEqual([]);

    // While a question is typed, the letter is a letter.
    await page.getByLabel("Type a question").fill("");
    await page.keyboard.press("m");
    expect(await page.getByLabel("Type a question").inputValue()).toBe("m");
    await page.evaluate((state) => window.scriptedMain?.emit("state", state), {
      ...idle,
      isMuted: false,
    });
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    expect(await trackStates()).toEqual(["ended", "live"]);
    expect(host.problems).toEqual([]);
  });

  test("R13 two quick presses of M leave the microphone open, whatever main is late to say", async () => {
    const page = await host.open();
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await page.evaluate(() => {
      for (const type of ["keydown", "keyup", "keydown", "keyup"]) {
        window.dispatchEvent(new KeyboardEvent(type, { key: "m", code: "KeyM" }));
      }
    });
    await page.waitForFunction(
      () => window.scriptedMain?.log.filter(({ name }) => name === "mic.mute").length === 2,
    );
    expect((await calls(page, "mic.mute")).map(({ params }) => params)).toEqual([
      { muted: true },
      { muted: false },
    ]);
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await page.waitForFunction(() => {
      const blocks = window.scriptedMain?.microphone.blocks ?? 0;
      const before: number = Reflect.get(window, "blocksBefore") ?? blocks;
      Object.assign(window, { blocksBefore: before });
      return blocks > before + 5;
    });
    expect(host.problems).toEqual([]);
  });

  test("R13 hands-free is chosen beside the talk button, opens the microphone, and says what it hears", async () => {
    const page = await host.open();
    const emit = (event: string, value: unknown) =>
      page.evaluate(([name, what]) => window.scriptedMain?.emit(name, what), [event, value] as const);
    const status = page.getByRole("status").filter({ has: page.locator("strong") });
    await page.getByRole("button", { name: "Hands-free" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await status.getByText("Listening for you").waitFor();
    expect(await calls(page, "settings.update")).toMatchObject([
      { params: { turnTaking: { mode: "hands-free" } } },
    ]);

    await emit("state", { ...idle, phase: "listening", utteranceId: "heard-1" });
    await status.getByText("I hear you").waitFor();
    const pausedAtMs = await page.evaluate(() => performance.timeOrigin + performance.now() - 200);
    await emit("endpoint", { pausedAtMs, endPauseMs: 60_000 });
    await status.getByText("Done?").waitFor();
    const ring = () =>
      talk(page)
        .locator("circle")
        .evaluate((circle) => Number.parseFloat(getComputedStyle(circle).strokeDashoffset));
    const early = await ring();
    expect(early).toBeGreaterThan(0);
    await expect.poll(ring).toBeGreaterThan(early);
    await emit("endpoint", null);
    await status.getByText("I hear you").waitFor();
    expect(await talk(page).locator("circle").count()).toBe(0);

    // What voice began is taken back like anything else.
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => window.scriptedMain?.log.some(({ name }) => name === "listen.cancel"));
    expect(await calls(page, "listen.cancel")).toMatchObject([{ params: { utteranceId: "heard-1" } }]);

    await emit("state", { ...idle, phase: "speaking", turnId: "turn-2", isHeld: true });
    await status.getByText("Was that for me?").waitFor();
    expect(host.problems).toEqual([]);
  });

  test("R13 R14 the meter shows how sure the listener is of voice, against the threshold", async () => {
    const page = await host.open();
    await page.getByRole("button", { name: "Hands-free" }).click();
    await page.getByText("Listening for you").waitFor();
    const meter = page.locator("[class*=meter]").first();
    const level = (speech: number) =>
      page.evaluate(
        (value) => window.scriptedMain?.emit("level", { rms: 0.01, peak: 0.02, speech: value }),
        speech,
      );
    await level(0.2);
    await expect.poll(() => meter.locator("div").first().getAttribute("style")).toContain("0.2");
    expect(await meter.getAttribute("data-voice")).toBeNull();
    await level(0.8);
    await expect.poll(() => meter.getAttribute("data-voice")).toBe("");
  });

  test("R62 a microphone that is unplugged is said to be lost and comes back by itself", async () => {
    const page = await host.open();
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const open = mediaDevices.getUserMedia.bind(mediaDevices);
      const list = mediaDevices.enumerateDevices.bind(mediaDevices);
      let isPlugged = true;
      mediaDevices.enumerateDevices = async () => (isPlugged ? list() : []);
      mediaDevices.getUserMedia = async (constraints) => {
        if (!isPlugged) throw new DOMException("none", "NotFoundError");
        const stream = await open(constraints);
        Object.assign(window, {
          unplug: () => {
            isPlugged = false;
            for (const track of stream.getTracks()) {
              track.stop();
              track.dispatchEvent(new Event("ended"));
            }
          },
          plug: () => {
            isPlugged = true;
            mediaDevices.dispatchEvent(new Event("devicechange"));
          },
        });
        return stream;
      };
    });
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await page.evaluate(() => Reflect.get(window, "unplug")());
    await page.getByRole("button", { name: "Microphone lost" }).waitFor();
    await page.getByText("was unplugged").waitFor();
    await page.evaluate(() => Reflect.get(window, "plug")());
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
  });

  test("R62 a refused microphone says what to do, and typing still works", async () => {
    const page = await host.open({ start: { isEmpty: true } });
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await talk(page).focus();
    await page.keyboard.down("Space");
    await page.getByText("Allow it in the address bar").first().waitFor();
    await page.keyboard.up("Space");
    expect(await calls(page, "listen.begin")).toEqual([]);
    await page.getByLabel("Type a question").fill("What is it?");
    await page.keyboard.press("Enter");
    await waitForPhase(page, "speaking");
    expect(await calls(page, "ask.text")).toMatchObject([{ params: { text: "What is it?" } }]);
  });

  test("R11 Space holds to talk, but not while typing or on another control", async () => {
    const page = await host.open({ start: { isEmpty: true } });
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await page.getByLabel("Type a question").fill("a");
    await page.keyboard.press("Space");
    expect(await page.getByLabel("Type a question").inputValue()).toBe("a ");
    await page.getByRole("button", { name: "Microphone on" }).focus();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Microphone muted" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    expect(await calls(page, "listen.begin")).toEqual([]);
    await page.locator("main").focus();
    await page.keyboard.press("Space", { delay: 300 });
    await waitForPhase(page, "speaking");
    expect(await calls(page, "listen.begin")).toMatchObject([{ params: { source: "space" } }]);
    const [ended] = await calls(page, "listen.end");
    const [begun] = await calls(page, "listen.begin");
    const held =
      Reflect.get(Object(ended?.params), "releasedAtMs") - Reflect.get(Object(begun?.params), "pressedAtMs");
    expect(held).toBeGreaterThanOrEqual(300);
  });

  test("R11 Escape takes back what was being said", async () => {
    const page = await host.open();
    await page.getByRole("button", { name: "Microphone off" }).click();
    await page.getByRole("button", { name: "Microphone on" }).waitFor();
    await talk(page).click();
    await waitForPhase(page, "listening");
    await page.keyboard.press("Escape");
    await waitForPhase(page, "idle");
    expect(await calls(page, "listen.cancel")).toHaveLength(1);
    expect(await calls(page, "listen.end")).toEqual([]);
  });

  test("R62 a model that gave up is said plainly and can be restarted", async () => {
    const page = await host.open();
    await page.evaluate(async () => {
      const facts = { providers: {}, dtypes: {}, loadMs: 1, stepMs: 1, providerRows: [] };
      const process = { modelName: "nano", ...facts, restarts: 5 };
      window.scriptedMain?.emit("engine", {
        listener: { ...process, state: "ready", error: null },
        voxtral: {
          ...process,
          state: "gave-up",
          error: { code: "engine-gave-up", message: "It stopped five times." },
        },
        kokoro: { ...process, state: "ready", error: null },
        isDemo: true,
      });
    });
    await page.getByText("Answering does not work: It stopped five times.").waitFor();
    await page.getByRole("button", { name: "Restart" }).click();
    await page.waitForFunction(() => window.scriptedMain?.log.some(({ name }) => name === "engine.restart"));
  });

  test("R18 a setting that is refused says why and keeps its value", async () => {
    const page = await host.open({ hash: "#/settings" });
    await page.evaluate(() =>
      window.scriptedMain?.refuse("settings.update", "The settings file cannot be written."),
    );
    const captions = page.getByRole("switch", { name: "Captions" });
    await captions.click();
    await page.getByText("The settings file cannot be written.").waitFor();
    expect(await captions.getAttribute("aria-checked")).toBe("true");
    await captions.click();
    await page.waitForSelector("[role=switch][aria-label=Captions][aria-checked=false]");
    expect(await calls(page, "settings.update")).toHaveLength(2);
  });

  test("R13 R18 R26 turn-taking is set by key: threshold, both ends of the pause, barge-in, duplex", async () => {
    const page = await host.open({ hash: "#/settings" });
    const saved = async () => (await calls(page, "settings.update")).map(({ params }) => params);
    const press = async (name: string, key: string) => {
      await page.getByRole("slider", { name }).focus();
      await page.keyboard.press(key);
    };
    await press("Voice threshold", "ArrowRight");
    await press("Pause that ends a question: shortest", "ArrowRight");
    await press("Pause that ends a question: longest", "ArrowLeft");
    await page.getByRole("switch", { name: "Interrupt by speaking" }).focus();
    await page.keyboard.press("Space");
    await page.getByRole("combobox", { name: "While it speaks" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: "Only while it is silent" }).press("Enter");
    await expect
      .poll(saved)
      .toEqual([
        { turnTaking: { speechThreshold: 0.55 } },
        { turnTaking: { minEndPauseMs: 550 } },
        { turnTaking: { maxEndPauseMs: 1450 } },
        { turnTaking: { bargeIn: false } },
        { turnTaking: { duplex: "half" } },
      ]);
    // The shorter end stops where the setting does, however far it is pushed.
    await press("Pause that ends a question: longest", "End");
    await press("Pause that ends a question: shortest", "PageUp");
    await page.getByText(/–6000 ms/).waitFor();
    expect(await calls(page, "listen.begin")).toEqual([]);
    expect(host.problems).toEqual([]);
  });

  describe("the echo test", () => {
    /** The microphone hears what the page plays, as in a room: later and weaker, through real audio graphs. */
    const openInRoom = async (gain: number, delayMs: number): Promise<Page> => {
      const page = await host.open({ hash: "#/settings" });
      await page.evaluate(
        ([loudness, seconds]) => {
          const room = new AudioContext();
          const microphone = room.createMediaStreamDestination();
          const connect = AudioNode.prototype.connect as (this: AudioNode, to: AudioNode) => AudioNode;
          AudioNode.prototype.connect = function (this: AudioNode, to: AudioNode): AudioNode {
            if (to instanceof AudioDestinationNode && this.context !== room) {
              const leaving = new MediaStreamAudioDestinationNode(this.context as AudioContext);
              connect.call(this, leaving);
              const air = new DelayNode(room, { maxDelayTime: 1, delayTime: seconds });
              const wall = new GainNode(room, { gain: loudness });
              connect.call(room.createMediaStreamSource(leaving.stream), air);
              connect.call(air, wall);
              connect.call(wall, microphone);
            }
            return connect.call(this, to);
          } as AudioNode["connect"];
          navigator.mediaDevices.getUserMedia = async () => microphone.stream.clone();
        },
        [gain, delayMs / 1000] as const,
      );
      return page;
    };
    const echoOf = (page: Page) => page.evaluate(() => window.scriptedMain?.settings().turnTaking.echo);

    test.each([
      ["half", 0.8, /only while it is silent/],
      ["duck", 0.06, /first lowers the answer/],
      ["full", 0.002, /can listen while it speaks/],
    ] as const)("R13 finds %s duplex in a room with gain %d and says so", async (duplex, gain, sentence) => {
      const page = await openInRoom(gain, 80);
      await page.getByRole("button", { name: "Test", exact: true }).click();
      await page.getByRole("button", { name: "Test again" }).waitFor({ timeout: 20_000 });
      await page.getByText(sentence).waitFor();
      const echo = await echoOf(page);
      expect(echo?.duplex).toBe(duplex);
      // The sweep is 6 dB above what counts as voice; the room takes away what it takes away.
      expect(echo?.bleedDb).toBeCloseTo(6 + 20 * Math.log10(gain), -1);
      // The tone is the page's own: main hears nothing of it, and the listener does not take it for speech.
      const { blocks, played } = await page.evaluate(() => ({
        blocks: window.scriptedMain?.microphone.blocks ?? 0,
        played: window.scriptedMain?.played.length,
      }));
      expect(played).toBe(0);
      await page.waitForFunction((before) => (window.scriptedMain?.microphone.blocks ?? 0) > before, blocks);
      expect(host.problems).toEqual([]);
    });

    test("R13 a test is void when the speakers are turned up or echo cancellation is turned off", async () => {
      const page = await openInRoom(0.002, 40);
      await page.getByRole("button", { name: "Test", exact: true }).click();
      await page.getByRole("button", { name: "Test again" }).waitFor({ timeout: 20_000 });
      await page.getByRole("switch", { name: "Echo cancellation" }).click();
      await page.getByText("Not tested with these devices.").waitFor();
      expect(await echoOf(page)).toBeNull();
    });

    test("R13 a muted microphone is not opened for it", async () => {
      const page = await host.open({ hash: "#/settings", start: { state: { isMuted: true } } });
      await page.getByRole("button", { name: "Test", exact: true }).click();
      await page.getByText("The microphone is muted. Unmute it for the test.").waitFor();
      expect(await page.getByRole("button", { name: "Microphone muted" }).count()).toBe(1);
    });
  });

  test("R15 a bar of the waterfall tells its numbers, by key as well", async () => {
    const page = await host.open({ hash: "#/dashboard" });
    const bar = page.getByRole("button", { name: /^Speech 1,/ });
    await bar.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Speech 1" }).waitFor();
    expect(await page.getByText("In the model").count()).toBe(1);
  });

  test("R42 the dashboard shows what was answered ahead: lane, badge, card and filter", async () => {
    const page = await host.open({ hash: "#/dashboard" });
    const card = page.getByRole("region", { name: "Answered ahead" });
    await card.getByText("of the turns with a pause").waitFor();
    const row = page
      .getByRole("row")
      .filter({ hasText: /Ahead −/ })
      .first();
    await row.getByRole("button").click();
    const turn = page.getByRole("region", { name: "Selected turn" });
    await turn.getByText(/saved, .* dropped/).waitFor();
    expect(
      await turn.getByRole("button", { name: /^Ahead \d, .* done before the release and dropped/ }).count(),
    ).toBe(0);
    await turn.getByRole("button", { name: /^Ahead 2, .* done before the release$/ }).press("Enter");
    await turn.getByText("became the answer").waitFor();
    await turn.getByRole("button", { name: "Whole turn" }).click();
    await turn.getByRole("button", { name: /^Ahead 1, .* dropped$/ }).press("Enter");

    await page.getByRole("combobox", { name: "Answered ahead" }).click();
    await page.getByRole("option", { name: "Ahead in vain" }).click();
    await page.waitForFunction(() =>
      window.scriptedMain?.log.some(
        ({ name, params }) =>
          name === "latency.list" && Reflect.get(Object(params), "speculation") === "miss",
      ),
    );
    expect(host.problems).toEqual([]);
  });

  test("R42 a turn that was answered ahead says so beside its figures", async () => {
    const page = await host.open({ start: { isEmpty: true, savedMs: 143 } });
    await askSample(page);
    await waitForPhase(page, "idle");
    const figures = page.getByLabel("Latency of this turn");
    await figures.getByText("Answered ahead").waitFor();
    expect(await figures.getByText("−143 ms").count()).toBe(1);
  });

  test("R16 conversations are searched, renamed and deleted from the keyboard", async () => {
    const page = await host.open();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("pancakes");
    const entry = page.getByRole("listitem").filter({ hasText: "A recipe for pancakes" });
    await entry.waitFor();
    await page.getByRole("listitem").filter({ hasText: "Names for a cat" }).waitFor({ state: "detached" });
    await entry.getByRole("button", { name: "More for A recipe for pancakes" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Pancakes");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() =>
      window.scriptedMain?.log.some(({ name }) => name === "conversations.rename"),
    );
    expect(await calls(page, "conversations.rename")).toMatchObject([{ params: { title: "Pancakes" } }]);
    await entry.getByRole("button", { name: "More for A recipe for pancakes" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.waitForFunction(() =>
      window.scriptedMain?.log.some(({ name }) => name === "conversations.delete"),
    );
    expect(host.problems).toEqual([]);
  });

  test("R26 in a narrow window the search shortcut opens the drawer on the search field", async () => {
    const page = await host.open({ width: 480, height: 720 });
    await page.keyboard.press("Control+k");
    await page.waitForFunction(() => document.activeElement?.matches("[role=dialog] [data-search]"));
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  test("R26 reduced motion leaves no animation running", async () => {
    const page = await host.open({ reducedMotion: true, start: { isEmpty: true } });
    await askSample(page);
    await page.waitForSelector("mark");
    const running = await page.evaluate(
      () => document.getAnimations().filter((animation) => animation.playState === "running").length,
    );
    expect(running).toBe(0);
  });
});

import { expect, test } from "vitest";
import { parseHostArguments } from "./arguments.ts";

test("R22 options of npm start and of the browser host", () => {
  expect(parseHostArguments([])).toEqual({
    port: 0,
    opensBrowser: true,
    model: undefined,
    wantsHelp: false,
    browser: false,
  });
  expect(parseHostArguments(["--port", "7337", "--no-open", "--model=nano", "--browser"])).toMatchObject({
    port: 7337,
    opensBrowser: false,
    model: "nano",
    browser: true,
  });
});

test.for([["--port", "seven"], ["--port", "65536"], ["--port=-1"], ["--nope"], ["nano"], ["--port"]])(
  "R64 %j is refused with a sentence",
  (parameters) => {
    expect(() => parseHostArguments(parameters)).toThrow(expect.objectContaining({ code: "bad-input" }));
  },
);

import path from "node:path";
import { expect, test } from "vitest";
import { exportConversation } from "../../src/main/storage/history-export.ts";
import { newTurn, opened, temporaryFolder } from "./support.ts";

const all = { query: "", limit: 100, offset: 0 };

test("R16 a conversation survives closing and opening: texts, token ids, recording, outcome", async () => {
  const folder = temporaryFolder();
  const first = opened(folder);
  const userAudio = Float32Array.from([0, 0.5, -1, 1, 2]);
  first.storage.history.addTurn(newTurn("t1", "c1", { input: "voice", userText: null, userAudio }));
  first.storage.history.addTurn(newTurn("t2", "c1", { outcome: "interrupted", reply: "It is" }));
  await first.storage[Symbol.asyncDispose]();

  const { history } = opened(folder).storage;
  const { turns, summary } = history.open("c1");
  expect(turns.map(({ id, index, outcome }) => ({ id, index, outcome }))).toEqual([
    { id: "t1", index: 0, outcome: "completed" },
    { id: "t2", index: 1, outcome: "interrupted" },
  ]);
  expect(summary).toMatchObject({ turnCount: 2, preview: "It is" });
  expect(history.turn("t1")).toMatchObject({ tokenIds: [1, 2, 131_071], model: "nano" });
  const kept = history.userAudio("t1")!;
  expect([...kept].map((sample) => Math.round(sample * 1000) / 1000)).toEqual([0, 0.5, -1, 1, 1]);
  expect(history.userAudio("t2")).toBeNull();
});

test("R16 conversations are titled by what was said, until the person renames them", () => {
  const { history } = opened(null).storage;
  const { summary } = history.create();
  expect(summary.title).toBe("New conversation");
  expect(history.list(all).total).toBe(0);

  history.addTurn(newTurn("t1", summary.id, { input: "voice", userText: null }));
  expect(history.open(summary.id).summary.title).toBe("The capital of France is Paris.");
  expect(history.setUserText("t1", "What is the capital of France?")).toBe(true);
  expect(history.open(summary.id).summary.title).toBe("What is the capital of France?");
  expect(history.rename(summary.id, "Geography").title).toBe("Geography");
  expect(history.list(all).conversations[0]?.title).toBe("Geography");
  expect(history.setUserText("gone", "x")).toBe(false);
});

test("R16 lists newest first, page by page", () => {
  const { storage, clock } = opened(null);
  for (const id of ["a", "b", "c"]) {
    clock.advance(10);
    storage.history.addTurn(newTurn(`t-${id}`, id));
  }
  clock.advance(10);
  storage.history.addTurn(newTurn("t-a2", "a"));
  expect(storage.history.list(all).conversations.map(({ id }) => id)).toEqual(["a", "c", "b"]);
  expect(storage.history.list({ query: "", limit: 1, offset: 1 })).toMatchObject({
    conversations: [{ id: "c" }],
    total: 3,
  });
  expect(storage.history.newest()?.summary.id).toBe("a");
});

test.for([
  ["par", "paris", "The capital of France is ⟦Paris⟧."],
  ["FRANCE capital", "paris", "The ⟦capital⟧ of ⟦France⟧ is Paris."],
  ["cafe", "cafe", "Un ⟦café⟧, por favor."],
  ["नमस्ते", "hindi", "⟦नमस्ते⟧ दुनिया"],
  ["दुनि", "hindi", "नमस्ते ⟦दुनिया⟧"],
])("R16 search finds %j in what was said and marks it", ([query, id, preview]) => {
  const { history } = opened(null).storage;
  history.addTurn(newTurn("t1", "paris", { userText: "question one" }));
  history.addTurn(newTurn("t2", "cafe", { userText: "café", reply: "Un café, por favor." }));
  history.addTurn(newTurn("t3", "hindi", { userText: null, reply: "नमस्ते दुनिया" }));
  const found = history.list({ ...all, query: query! });
  expect(found.conversations.map((conversation) => conversation.id)).toEqual([id]);
  expect(found.total).toBe(1);
  expect([preview, "⟦café⟧"]).toContain(found.conversations[0]?.preview);
});

test("R16 search looks at titles too, follows edits and deletions, and takes no operators", () => {
  const { history } = opened(null).storage;
  history.addTurn(newTurn("t1", "c1"));
  history.rename("c1", "100% Geography_1");
  const ids = (query: string): string[] => history.list({ ...all, query }).conversations.map(({ id }) => id);
  expect(ids("geography")).toEqual(["c1"]);
  expect(ids("100%")).toEqual(["c1"]);
  expect(ids("200%")).toEqual([]);
  for (const odd of ['"', "paris OR", "NEAR(", "*", "reply:paris -x", "'; DROP TABLE turns; --", "\0"]) {
    expect(() => ids(odd)).not.toThrow();
  }
  expect(ids("zebra")).toEqual([]);
  history.setUserText("t1", "a zebra");
  expect(ids("zebra")).toEqual(["c1"]);
  history.delete("c1");
  expect(ids("zebra")).toEqual([]);
  expect(() => history.open("c1")).toThrow(expect.objectContaining({ code: "bad-input" }));
  history.delete("c1");
});

test("R17 a regenerated turn takes the place of the old one and of what followed it", () => {
  const { history } = opened(null).storage;
  for (const id of ["t1", "t2", "t3"]) history.addTurn(newTurn(id, "c1", { reply: id }));
  const stored = history.addTurn(newTurn("t4", "c1", { reply: "better", replaces: "t2" }));
  expect(stored.index).toBe(1);
  expect(history.open("c1").turns.map((turn) => turn.reply)).toEqual(["t1", "better"]);
  expect(history.list({ ...all, query: "t3" }).total).toBe(0);
});

test("R16 exports as JSON and as Markdown under a name every file system takes", () => {
  const { history } = opened(null).storage;
  history.addTurn(newTurn("t1", "c1", { userText: "Où est *Paris* / ../etc?" }));
  history.addTurn(newTurn("t2", "c1", { userText: null, outcome: "interrupted", reply: "It is" }));
  const record = history.open("c1");
  const json = exportConversation(record, "json");
  expect(json.fileName).toBe("Où-est-Paris-etc.json");
  expect(path.basename(json.fileName)).toBe(json.fileName);
  expect(JSON.parse(json.content)).toMatchObject({ format: "parley-conversation", turns: record.turns });
  const markdown = exportConversation(record, "markdown");
  expect(markdown.content).toContain(
    "**You:** (spoken, not transcribed)\n\n**Parley:** It is\n\n*(interrupted)*",
  );
});

test("R60 with the history off, conversations exist only until Parley closes", async () => {
  const folder = temporaryFolder();
  const first = opened(folder);
  first.storage.privateHistory.addTurn(newTurn("t1", "c1"));
  expect(first.storage.privateHistory.list(all).total).toBe(1);
  expect(first.storage.history.list(all).total).toBe(0);
  await first.storage[Symbol.asyncDispose]();
  expect(opened(folder).storage.privateHistory.list(all).total).toBe(0);
});

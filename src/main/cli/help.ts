/** What `--help` prints. The README documents the same; tests compare the event names with the contract. */
export const helpText = `Parley, a voice assistant that lives on this machine.

  npm run ask -- <file.wav | --text "…"> …    ask; several inputs are the turns of one conversation
      --out reply.wav     where the spoken reply goes (24 kHz mono wav); "none" keeps it silent, as does --json alone
      --voice af_heart    one of Kokoro's 54 voices
      --speed 1           0.5 to 2
      --system "…"        instructions for the assistant
      --sampling greedy   or values: "temperature=0.2,top-p=0.95,top-k=50,min-p=0.05,repetition-penalty=1.1,seed=1"
                          (default: greedy for the demo pack, the model card's advice for others)
      --model nano        the demo pack, a folder with voxtral/ and kokoro/, or downloaded models: id or id+id
      --json              events on standard output, one JSON object a line (below)

  npm run transcribe -- <file.wav> …          write down what was said
      --language en       ISO 639-1 code; without it the model finds out
      --model, --json     as above

  npm run latency -- [--runs 20]              the latency test: percentiles against the targets, and the five
      --model, --json                         tests of the reference pipeline; exit code 1 when one fails

  npm run providers                           what each model runs on, how fast, and why not on the rest
      --model, --json                         as above; a large model is tried on each provider first, once

  npm run models -- list                      models to download, and what is on this machine
      add <id>                                download; Ctrl-C pauses, the same command goes on
      add <owner/name> --dtype q4             any repository of the hub with Voxtral's or Kokoro's files
      add <folder> --dtype q4                 the same from a folder that holds config.json and onnx/
      import <id> [folder]                    take over a folder, or the Hugging Face cache
      verify <id> · remove <id> · --json      check every file against the hub · delete · for programs
      HF_ENDPOINT (a mirror), HF_TOKEN and HTTPS_PROXY are respected.

The reply goes to standard output, token by token; everything else to standard error.
Exit codes: 0 fine · 1 a model failed, or a test did · 2 the input is wrong · 130 interrupted (Ctrl-C).

Events of ask --json. tMs counts from the end of the input (the moment the key is released), in milliseconds.
  turn-started   {turnId}
  token          {index, id, text, tMs, sincePreviousMs}
  segment        {index, text, tMs}
  audio          {chunkId, index, voice, textSource, sampleRate, samples, startSample, tMs}
  turn-finished  {outcome, reply, error?, metrics: {firstTokenMs, firstWordMs, firstAudioMs,
                  interTokenMs: {p50, p95, max}, tokens, words, audioSeconds, realTimeFactor,
                  prefillTokens, reusedTokens, spans: [{name, startMs, endMs, index?, sessionMs?}]},
                  queue: {chunks, sentChunks, droppedChunks, samples, playedSamples, underruns, voice,
                  voiceConsistent, queueLatencyMs, sendLatencyMs}}
`;

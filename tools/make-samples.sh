#!/usr/bin/env bash
# Makes the spoken questions in samples/ again, from the repository root: `bash tools/make-samples.sh [FOLDER]`.
# Needs espeak-ng (1.51 made the files that are committed) and sox. The formats differ on purpose: the command line and
# the page must take what people have. No dither, so that a second run writes the same bytes.
set -euo pipefail
folder=${1:-samples}
spoken=$(mktemp --suffix .wav)
trap 'rm -f "$spoken"' EXIT
mkdir -p "$folder"

say() { # say NAME VOICE WORDS_PER_MINUTE PITCH "TEXT" SOX_OUTPUT_FORMAT…: with a breath of silence before and after
  local name=$1 voice=$2 speed=$3 pitch=$4 text=$5
  shift 5
  espeak-ng -v "$voice" -s "$speed" -p "$pitch" -w "$spoken" "$text"
  sox -D -R "$spoken" "$@" "$folder/$name.wav" norm -3 pad 0.25 0.35 rate -h "${rate:-16k}"
}

pcm16=(-b 16 -c 1)
say capital-of-france en-us+m3 150 45 "What is the capital of France?" "${pcm16[@]}"
say tell-me-a-joke en-gb+f2 155 55 "Tell me a joke" "${pcm16[@]}"
say another-one-please en-gb+f2 155 55 "Another one please" "${pcm16[@]}"
rate=44100 say five-plus-six en-us+m7 150 50 "What is five plus six?" -b 16 -c 2
say who-are-you en-gb-x-rp+m1 145 50 "Who are you?" -b 8 -e unsigned-integer -c 1
say tell-me-a-story en-us+f5 150 60 "Tell me a story" "${pcm16[@]}"
rate=48000 say biggest-planet en-gb+m2 150 48 "What is the biggest planet?" -b 24 -c 1
rate=22050 say what-can-you-do en-us+f1 155 52 "What can you do?" "${pcm16[@]}"
rate=48000 say private en-gb-scotland+m5 150 46 "Are my words sent anywhere?" -b 32 -e floating-point -c 1
rate=8000 say days-of-the-week en-us+m6 150 50 "What are the days of the week?" "${pcm16[@]}"

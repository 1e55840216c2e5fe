#!/usr/bin/env bash
# Two builds of packyard on one scenario: instructions of each (valgrind), and user times that take turns.
#   benches/two-builds.sh OLD NEW [SCENARIO [ROUNDS]]
# docs/ARCHITECTURE.md says what was compared and how the builds are made.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,4s/^# *//p' "$0"; exit 2; }
old=$1 new=$2 scenario=${3:-scenarios/quickstart.toml} rounds=${4:-9}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What each build says that it did: a comparison of two different runs is worth nothing.
for build in old new; do
  "${!build}" run "$scenario" --json > "$scratch/$build.json"
  for key in total created rejected events digest; do
    printf '%s %s: %s\n' "$build" "$key" "$(grep -m1 "\"$key\":" "$scratch/$build.json" | tr -d ' ,"' | cut -d: -f2)"
  done
done

count=()
if command -v valgrind > "$scratch/valgrind"; then
  for build in old new; do
    valgrind --tool=callgrind --callgrind-out-file="$scratch/$build" "${!build}" run "$scenario" > "$scratch/out" 2>&1
    count[${#count[@]}]=$(sed -n 's/^summary: *\([0-9]*\).*/\1/p; s/^totals: *\([0-9]*\).*/\1/p' "$scratch/$build" | head -n 1)
    echo "$build: ${count[-1]} instructions"
  done
  awk -v old="${count[0]}" -v new="${count[1]}" 'BEGIN { printf "new / old: %.4f of the instructions\n", new / old }'
fi

# User time of one run each, in turns, so that whatever else the machine does meets both; the least of each counts.
TIMEFORMAT=%U
for _ in $(seq "$rounds"); do
  for build in old new; do
    { time "${!build}" run "$scenario" > "$scratch/out"; } 2>> "$scratch/$build.times"
  done
done
for build in old new; do
  echo "$build: $(sort -n "$scratch/$build.times" | head -n 1) s user time, least of $rounds"
done
awk -v old="$(sort -n "$scratch/old.times" | head -n 1)" -v new="$(sort -n "$scratch/new.times" | head -n 1)" \
  'BEGIN { printf "new / old: %.3f of the time\n", new / old }'

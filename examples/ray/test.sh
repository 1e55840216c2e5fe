#!/usr/bin/env bash
# Runs a sweep on a local Ray cluster of two workers, one of which is killed in the middle of a run, and compares what is
# gathered with `packyard sweep`. Installs ray when it is missing; says so and ends well when it cannot.
#
#   examples/ray/test.sh [PACKYARD]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packyard=$(realpath "${1:-$here/../../target/release/packyard}")
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! "$python" -c 'import ray' 2>/dev/null; then
    echo "ray is missing: installing it" >&2
    if ! "$python" -m venv "$work/venv" || ! "$work/venv/bin/pip" install --quiet ray; then
        echo "SKIPPED: ray cannot be installed here" >&2
        exit 0
    fi
    python=$work/venv/bin/python
fi

cp "$here/../sweep/small.toml" "$here/../sweep/sweep.toml" "$work"
cd "$work"
"$packyard" sweep sweep.toml --out plain --quiet
"$packyard" gather plain --out plain-gathered

# Stands in for the binary, and kills the worker that runs it, once.
cat > lossy <<SCRIPT
#!/bin/sh
if [ "\$3" = --run ] && mkdir "$work/killed" 2>/dev/null; then
    kill -9 \$PPID
fi
exec "$packyard" "\$@"
SCRIPT
chmod +x lossy
"$python" "$here/sweep.py" sweep.toml ray --packyard "$work/lossy" --workers 2
[ -d "$work/killed" ] || { echo "no worker was killed" >&2; exit 1; }
cmp plain-gathered/runs.parquet ray/gathered/runs.parquet
cmp plain-gathered/sweep.html ray/gathered/sweep.html
# The same command again has nothing to do.
[ -z "$("$packyard" sweep sweep.toml --out ray --list)" ]
echo "ray, two workers, one of them killed: the same bytes"

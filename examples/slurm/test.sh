#!/usr/bin/env bash
# Runs a sweep as a job array and compares what is gathered with `packyard sweep`: on the Slurm of this machine when there
# is one (sbatch and a node that is up), otherwise by the job scripts' exact command lines, two at a time.
#
#   examples/slurm/test.sh [PACKYARD]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PACKYARD=$(realpath "${1:-$here/../../target/release/packyard}")
export PACKYARD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here/../sweep/small.toml" "$here/../sweep/sweep.toml" "$work"
cd "$work"
"$PACKYARD" sweep sweep.toml --out plain --quiet
"$PACKYARD" gather plain --out plain-gathered

if command -v sbatch >/dev/null && sinfo --noheader --states=idle,mixed,allocated 2>/dev/null | grep -q .; then
    how="slurm, an array of four, one task ended and sent back to the queue"
    job=$(sbatch --parsable --array=1-4 "$here/sweep.sbatch" sweep.toml "$work/slurm")
    # As soon as a task has made some runs it is sent back to the queue; it goes on where it was.
    for _ in $(seq 300); do
        [ -s slurm/runs-2-of-4.jsonl ] && break
        sleep 0.1
    done
    scontrol requeue "${job}_2" || { echo "no task was requeued" >&2; exit 1; }
    sbatch --wait --dependency="afterok:$job" "$here/gather.sbatch" "$work/slurm"
else
    how="no slurm here: its command lines, an array of four"
    export SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=4 SLURM_CPUS_PER_TASK=1
    task() { SLURM_ARRAY_TASK_ID=$1 bash "$here/sweep.sbatch" sweep.toml "$work/slurm"; }
    task 3 & task 1 & wait
    task 4 & task 2 & wait
    bash "$here/gather.sbatch" "$work/slurm"
fi
cmp plain-gathered/runs.parquet slurm/gathered/runs.parquet
cmp plain-gathered/sweep.html slurm/gathered/sweep.html
echo "$how: the same bytes"

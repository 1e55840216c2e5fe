#!/usr/bin/env python3
"""Runs a sweep on a Ray cluster: one task a run, retried when its worker is lost.

    pip install ray
    examples/ray/sweep.py sweep.toml results            # a local cluster, a worker for each core
    examples/ray/sweep.py sweep.toml results --address auto

The manifest, the scenario and its traces have to be readable on every node under the same path. Lines arrive here, are
appended to FOLDER/runs-ray.jsonl as they come, and are gathered into the same table as by `packyard sweep` itself. A run
that is there is never made again, so a driver that was ended goes on where it was.
"""

import argparse
import json
import os
import subprocess
import sys

import ray


def command(packyard, *args):
    """Standard output of one packyard command; its errors go to ours."""
    return subprocess.run([packyard, *args], check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest")
    parser.add_argument("folder")
    parser.add_argument("--packyard", default=os.environ.get("PACKYARD", "packyard"), help="the binary, on every node")
    parser.add_argument("--address", help="address of a cluster; left out: a local one")
    parser.add_argument("--workers", type=int, help="workers of a local cluster")
    parser.add_argument("--retries", type=int, default=5, help="times that a lost or failed run is made again")
    parser.add_argument("--trace", help="trace file, for scenarios that leave it to the command line")
    args = parser.parse_args()

    manifest, folder = os.path.abspath(args.manifest), os.path.abspath(args.folder)
    trace = ["--trace", os.path.abspath(args.trace)] if args.trace else []
    listed = command(args.packyard, "sweep", manifest, "--out", folder, "--list", *trace)
    pending = [json.loads(line)["run"] for line in listed.splitlines()]

    if args.address:
        ray.init(address=args.address)
    else:
        ray.init(num_cpus=args.workers, include_dashboard=False, log_to_driver=False)

    # A worker that dies is retried by Ray itself; a command that fails (a node without the file) is retried too.
    @ray.remote(num_cpus=1, max_retries=args.retries, retry_exceptions=True)
    def one(run):
        return command(args.packyard, "sweep", manifest, "--run", str(run), *trace)

    waiting = {one.remote(run): run for run in pending}
    failed = []
    with open(os.path.join(folder, "runs-ray.jsonl"), "ab+") as lines:
        cut_torn_line(lines)
        while waiting:
            (done, *_), _ = ray.wait(list(waiting))
            run = waiting.pop(done)
            try:
                line = ray.get(done)
            except ray.exceptions.RayError as error:
                failed.append(run)
                print(f"run {run} failed: {error}", file=sys.stderr)
                continue
            lines.write(line.encode())
            lines.flush()
            os.fsync(lines.fileno())
    ray.shutdown()
    if failed:
        sys.exit(f"{len(failed)} of {len(pending)} runs failed; the same command tries them again")
    print(command(args.packyard, "gather", folder, "--force"), end="")


def cut_torn_line(lines):
    """A driver that was killed while it wrote leaves half a line."""
    lines.seek(0)
    whole = lines.read().rfind(b"\n") + 1
    lines.truncate(whole)


if __name__ == "__main__":
    main()

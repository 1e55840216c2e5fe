#!/usr/bin/env bash
# Reads the Parquet tables of the folder $1 with DuckDB. Exit code 77: there is no DuckDB here and none can be had.
set -u
here=$(cd "$(dirname "$0")" && pwd)
has() { "$1" -c 'import duckdb' 2>/dev/null; }
for python in ${PACKYARD_PYTHON:-} python3; do
  command -v "$python" >/dev/null 2>&1 && has "$python" && exec "$python" "$here/tables.py" "$1"
done
venv=$(mktemp -d) || exit 77
trap 'rm -rf "$venv"' EXIT
if python3 -m venv "$venv" >/dev/null 2>&1 && timeout 120 "$venv/bin/pip" install -q duckdb >/dev/null 2>&1; then
  "$venv/bin/python" "$here/tables.py" "$1"
  exit
fi
echo "no Python with DuckDB, and it cannot be installed here: the tables were not read by DuckDB"
exit 77

"""Reads the tables of an output folder with DuckDB and compares them with summary.json."""

import json
import pathlib
import sys

import duckdb

folder = pathlib.Path(sys.argv[1])
summary = json.loads((folder / "summary.json").read_text())
requests = summary["requests"]


def one(query):
    return duckdb.sql(query.format(**{t: f"'{folder / t}.parquet'" for t in ("requests", "instances", "hosts", "series")})).fetchone()


assert one("select count(*) from {requests}") == (requests["total"],)
assert one("select count(*) filter (outcome = 'created') from {requests}") == (requests["created"],)
for code in requests["rejected_by_code"]:
    assert one("select count(*) from {requests} where code = '" + code["code"] + "'") == (code["count"],)
assert one("select typeof(arrived), typeof(outcome), typeof(faulty) from {requests}") == (
    "TIMESTAMP WITH TIME ZONE",
    "VARCHAR",
    "BOOLEAN",
)
assert one("select count(*), count(ended) from {instances}") == (requests["created"], requests["released"])
assert one("select count(*) from {hosts}") == (summary["packing"]["hosts"],)
assert one("select sum(value) from {series} where metric = 'requests' and zone is null") == (requests["total"],)
# The answer to "when did the zone run full": a join of time and reason.
assert one("select count(*) > 0 from {series} where metric = 'no_room' and zone is not null and value > 0") == (True,)
print("tables agree with the summary")

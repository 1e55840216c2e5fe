//! The placement core: shapes, index, shards, policies, constraints, explanations.

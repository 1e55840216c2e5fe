//! The TOML scenario: its schema, its defaults, its checks with a pointer to the faulty line.

pub mod units;
pub mod workload;

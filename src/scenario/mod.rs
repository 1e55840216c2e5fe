//! The scenario file: its TOML schema, defaults, and checks that point at the faulty line.

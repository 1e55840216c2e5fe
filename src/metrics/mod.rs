//! Counters, HDR histograms, engine-cost clock.

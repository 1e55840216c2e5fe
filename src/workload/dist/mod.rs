//! Sampling of distributions, with outputs that cannot drift.
//!
//! The methods are ours, on [`Stream`] and the pure-Rust `libm`: the platform's mathematics differs in the last
//! bit from machine to machine, and a crate of distributions may change its method with an upgrade. Golden tests
//! pin the outputs. All methods but gamma's (rejection) take a fixed number of draws.

use crate::engine::Stream;
use crate::model::SimDuration;

pub use crate::scenario::workload::{Choice, Distribution};

#[cfg(test)]
mod tests;

impl Distribution {
    /// One value. Never negative or NaN; `f64::INFINITY` for ever (and for a tail beyond the range of `f64`).
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        match self {
            Distribution::Constant(value) => *value,
            Distribution::Uniform { low, high } => low + (high - low) * stream.unit(),
            Distribution::Exponential { mean } => mean * exponential(stream),
            Distribution::LogNormal { mu, sigma } => libm::exp(mu + sigma * normal(stream)),
            Distribution::Weibull { shape, scale } => scale * libm::pow(exponential(stream), 1.0 / shape),
            Distribution::Pareto { minimum, shape } => {
                minimum * libm::pow(stream.unit_open_below(), -1.0 / shape)
            }
            Distribution::Gamma { shape, scale } => scale * gamma(stream, *shape),
            Distribution::Empirical { values, choice } => values[choice.at(stream.unit())],
            Distribution::Quantiles(values) => quantile(values, stream.unit()),
            Distribution::Mixture { parts, choice } => parts[choice.at(stream.unit())].sample(stream),
            Distribution::Clamped { inner, low, high } => inner.sample(stream).clamp(*low, *high),
            Distribution::Forever => f64::INFINITY,
        }
    }

    /// One value in seconds as a span, to the nearest microsecond; [`SimDuration::FOREVER`] for infinity.
    #[inline]
    pub fn sample_span(&self, stream: &mut Stream) -> SimDuration {
        SimDuration::from_secs_f64(self.sample(stream))
    }
}

/// A standard exponential number (mean 1), by inversion: one draw.
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    -libm::log(stream.unit_open_below())
}

/// A standard normal number, by Box and Muller's first form: two draws.
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    let radius = (2.0 * exponential(stream)).sqrt();
    radius * libm::cos(std::f64::consts::TAU * stream.unit())
}

/// A gamma number of scale 1, by Marsaglia and Tsang (2000), with their boost for shapes below 1.
fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        let boost = libm::pow(stream.unit_open_below(), 1.0 / shape);
        return boost * gamma(stream, shape + 1.0);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(stream);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let u = stream.unit_open_below();
        if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// The value at `unit` of `[0, 1)` between equally spaced quantiles (at least one).
fn quantile(values: &[f64], unit: f64) -> f64 {
    let place = unit * (values.len() - 1) as f64;
    let below = place as usize;
    match values.get(below + 1) {
        Some(above) => values[below] + (above - values[below]) * (place - below as f64),
        None => values[below],
    }
}

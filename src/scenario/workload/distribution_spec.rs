use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{At, Span};
use super::{Choice, Distribution, Wrong};

/// The laws that a distribution can follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Law {
    /// Always `value`.
    Constant,
    /// Between `low` and `high`, all alike.
    Uniform,
    /// Exponential with `mean`.
    Exponential,
    /// Lognormal with `median` (or `mean`) and `sigma`.
    Lognormal,
    /// Weibull with `shape` and `scale` (or `mean`).
    Weibull,
    /// Pareto with `minimum` and `shape`.
    Pareto,
    /// Gamma with `shape` and `scale` (or `mean`).
    Gamma,
    /// One of `values`, by `weights`.
    Empirical,
    /// Equally spaced quantiles from the least to the greatest: `values`.
    Quantiles,
    /// One of `parts`, each with a `weight`.
    Mixture,
    /// Never ends.
    Forever,
}

impl Law {
    /// The keys that the law reads, with a bar between those of which one is needed.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Law::Constant => &["value"],
            Law::Uniform => &["low", "high"],
            Law::Exponential => &["mean"],
            Law::Lognormal => &["median|mean", "sigma"],
            Law::Weibull | Law::Gamma => &["shape", "scale|mean"],
            Law::Pareto => &["minimum", "shape"],
            Law::Empirical => &["values", "weights?"],
            Law::Quantiles => &["values"],
            Law::Mixture => &["parts"],
            Law::Forever => &[],
        }
    }

    /// The name with its article, for messages.
    const fn a_name(self) -> &'static str {
        match self {
            Law::Constant => "a constant",
            Law::Uniform => "a uniform",
            Law::Exponential => "an exponential",
            Law::Lognormal => "a lognormal",
            Law::Weibull => "a weibull",
            Law::Pareto => "a pareto",
            Law::Gamma => "a gamma",
            Law::Empirical => "an empirical",
            Law::Quantiles => "a quantiles",
            Law::Mixture => "a mixture",
            Law::Forever => "a forever",
        }
    }
}

/// A distribution of spans of time: `{ distribution = "lognormal", median = "2h", sigma = 1.2 }`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DistributionSpec {
    /// The law.
    pub distribution: At<Law>,
    /// The value of `constant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<At<Span>>,
    /// Least value of `uniform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<At<Span>>,
    /// Greatest value of `uniform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<At<Span>>,
    /// Mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<At<Span>>,
    /// Median of `lognormal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<At<Span>>,
    /// Standard deviation of the natural logarithm, of `lognormal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<At<f64>>,
    /// Shape of `weibull`, `gamma` and `pareto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<At<f64>>,
    /// Scale of `weibull` and `gamma`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<At<Span>>,
    /// Least value of `pareto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<At<Span>>,
    /// Values of `empirical` (in any order, `"forever"` too) or `quantiles` (ascending).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<At<Vec<Span>>>,
    /// Weight of each of the `values` of `empirical`. Default: all alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<At<Vec<f64>>>,
    /// Parts of a `mixture`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<At<Vec<DistributionSpec>>>,
    /// Weight among the parts of a `mixture`; means nothing elsewhere. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<At<f64>>,
    /// Values below are raised to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<At<Span>>,
    /// Values above are lowered to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<At<Span>>,
}

impl DistributionSpec {
    /// A distribution of one value.
    pub fn constant(value: Span) -> DistributionSpec {
        DistributionSpec { value: Some(At::default_of(value)), ..DistributionSpec::of(Law::Constant) }
    }

    /// An exponential distribution.
    pub fn exponential(mean: Span) -> DistributionSpec {
        DistributionSpec { mean: Some(At::default_of(mean)), ..DistributionSpec::of(Law::Exponential) }
    }

    /// A lognormal distribution.
    pub fn lognormal(median: Span, sigma: f64) -> DistributionSpec {
        DistributionSpec {
            median: Some(At::default_of(median)),
            sigma: Some(At::default_of(sigma)),
            ..DistributionSpec::of(Law::Lognormal)
        }
    }

    /// A law without its parameters.
    const fn of(law: Law) -> DistributionSpec {
        DistributionSpec {
            distribution: At::default_of(law),
            value: None,
            low: None,
            high: None,
            mean: None,
            median: None,
            sigma: None,
            shape: None,
            scale: None,
            minimum: None,
            values: None,
            weights: None,
            parts: None,
            weight: None,
            at_least: None,
            at_most: None,
        }
    }

    /// The checked distribution, in seconds.
    ///
    /// # Errors
    /// A key is missing, means nothing to the law, or holds a value that the law cannot have.
    pub fn resolve(&self) -> Result<Distribution, Wrong> {
        if let Some(weight) = &self.weight {
            return Err(Wrong::at(weight, "`weight` means nothing outside the parts of a mixture"));
        }
        self.resolve_part()
    }

    fn resolve_part(&self) -> Result<Distribution, Wrong> {
        self.check_keys()?;
        let law = match *self.distribution.get() {
            Law::Forever => Distribution::Forever,
            Law::Constant => Distribution::Constant(self.seconds(&self.value, true)?),
            Law::Uniform => {
                let (low, high) = (self.seconds(&self.low, true)?, self.seconds(&self.high, true)?);
                if high < low {
                    return Err(self.wrong(self.high.as_ref(), "`high` lies below `low`"));
                }
                Distribution::Uniform { low, high }
            }
            Law::Exponential => Distribution::Exponential { mean: self.seconds(&self.mean, false)? },
            Law::Lognormal => {
                let sigma = self.factor(&self.sigma, true)?;
                let mu = match &self.median {
                    Some(_) => libm::log(self.seconds(&self.median, false)?),
                    None => libm::log(self.seconds(&self.mean, false)?) - sigma * sigma / 2.0,
                };
                Distribution::LogNormal { mu, sigma }
            }
            Law::Weibull => {
                let shape = self.factor(&self.shape, false)?;
                let scale = match &self.scale {
                    Some(_) => self.seconds(&self.scale, false)?,
                    None => self.seconds(&self.mean, false)? / libm::tgamma(1.0 + 1.0 / shape),
                };
                if scale <= 0.0 {
                    return Err(self.wrong(self.shape.as_ref(), "the shape is too small for this mean"));
                }
                Distribution::Weibull { shape, scale }
            }
            Law::Gamma => {
                let shape = self.factor(&self.shape, false)?;
                let scale = match &self.scale {
                    Some(_) => self.seconds(&self.scale, false)?,
                    None => self.seconds(&self.mean, false)? / shape,
                };
                Distribution::Gamma { shape, scale }
            }
            Law::Pareto => {
                let shape = self.factor(&self.shape, false)?;
                Distribution::Pareto { minimum: self.seconds(&self.minimum, false)?, shape }
            }
            Law::Empirical => self.empirical()?,
            Law::Quantiles => {
                let (at, values) = self.listed()?;
                let ascending = values.windows(2).all(|pair| pair[0] <= pair[1]);
                if values.len() < 2 || !ascending || values.iter().any(|value| value.is_infinite()) {
                    return Err(Wrong::at(at, "quantiles are two or more ascending spans that end"));
                }
                Distribution::Quantiles(values)
            }
            Law::Mixture => self.mixture()?,
        };
        self.clamped(law)
    }

    fn empirical(&self) -> Result<Distribution, Wrong> {
        let (at, values) = self.listed()?;
        let weights = self.weights.as_ref().map_or_else(|| vec![1.0; values.len()], |w| w.get().clone());
        if values.is_empty() || weights.len() != values.len() {
            return Err(Wrong::at(at, "an empirical distribution needs values, and as many weights if any"));
        }
        let choice = Choice::new(&weights).ok_or_else(|| {
            self.wrong(self.weights.as_ref(), "weights are numbers of at least 0, not all of them 0")
        })?;
        Ok(Distribution::Empirical { values, choice })
    }

    fn mixture(&self) -> Result<Distribution, Wrong> {
        let Some(specs) = &self.parts else { return Err(self.wrong(self.parts.as_ref(), "no parts")) };
        let parts = specs.get().iter().map(|part| part.resolve_part()).collect::<Result<Vec<_>, _>>()?;
        let weights: Vec<f64> =
            specs.get().iter().map(|part| part.weight.as_ref().map_or(1.0, |weight| *weight.get())).collect();
        let choice = Choice::new(&weights).ok_or_else(|| {
            Wrong::at(specs, "a mixture needs parts whose weights are at least 0 and not all 0")
        })?;
        Ok(Distribution::Mixture { parts, choice })
    }

    fn clamped(&self, law: Distribution) -> Result<Distribution, Wrong> {
        if self.at_least.is_none() && self.at_most.is_none() {
            return Ok(law);
        }
        let bound = |span: &Option<At<Span>>, default| match span {
            Some(span) => seconds_of(*span.get()),
            None => default,
        };
        let (low, high) = (bound(&self.at_least, 0.0), bound(&self.at_most, f64::INFINITY));
        if high < low {
            return Err(self.wrong(self.at_most.as_ref(), "`at_most` lies below `at_least`"));
        }
        Ok(Distribution::Clamped { inner: Box::new(law), low, high })
    }

    /// Refuses keys that the law does not read, and misses those that it needs.
    fn check_keys(&self) -> Result<(), Wrong> {
        let present = [
            ("value", span_of(&self.value)),
            ("low", span_of(&self.low)),
            ("high", span_of(&self.high)),
            ("mean", span_of(&self.mean)),
            ("median", span_of(&self.median)),
            ("sigma", span_of(&self.sigma)),
            ("shape", span_of(&self.shape)),
            ("scale", span_of(&self.scale)),
            ("minimum", span_of(&self.minimum)),
            ("values", span_of(&self.values)),
            ("weights", span_of(&self.weights)),
            ("parts", span_of(&self.parts)),
        ];
        let law = *self.distribution.get();
        let takes = match law.keys() {
            [] => "it takes no key".to_owned(),
            keys => format!("it takes {}", keys.join(", ").replace('|', " or ").replace('?', " (optional)")),
        };
        for (key, span) in &present {
            let read = law.keys().iter().any(|keys| keys.trim_end_matches('?').split('|').any(|k| k == *key));
            if let (Some(span), false) = (span, read) {
                let what = format!("`{key}` means nothing to {} distribution: {takes}", law.a_name());
                return Err(Wrong { span: span.clone(), what });
            }
        }
        for keys in law.keys().iter().filter(|keys| !keys.ends_with('?')) {
            let given: Vec<_> = keys
                .split('|')
                .filter_map(|key| present.iter().find(|(name, span)| *name == key && span.is_some()))
                .collect();
            let what = match given.len() {
                1 => continue,
                0 => format!("{} distribution needs `{}`", law.a_name(), keys.replace('|', "` or `")),
                _ => format!("only one of `{}` can hold", keys.replace('|', "` and `")),
            };
            let span = given.last().and_then(|(_, span)| span.clone());
            return Err(Wrong { span: span.unwrap_or_else(|| self.distribution.span()), what });
        }
        Ok(())
    }

    fn wrong<T>(&self, key: Option<&At<T>>, what: &str) -> Wrong {
        let span = key.map_or_else(|| self.distribution.span(), At::span);
        Wrong { span, what: what.to_owned() }
    }

    /// A span that ends, in seconds.
    fn seconds(&self, span: &Option<At<Span>>, zero: bool) -> Result<f64, Wrong> {
        match span.as_ref().map(|span| *span.get()) {
            Some(value) if !value.is_forever() && (zero || !value.is_zero()) => Ok(seconds_of(value)),
            _ if zero => Err(self.wrong(span.as_ref(), "must be a duration that ends")),
            _ => Err(self.wrong(span.as_ref(), "must be a duration that ends, and longer than nothing")),
        }
    }

    fn factor(&self, value: &Option<At<f64>>, zero: bool) -> Result<f64, Wrong> {
        match value.as_ref().map(|value| *value.get()) {
            Some(value) if (0.0..=1e3).contains(&value) && (zero || value >= 1e-3) => Ok(value),
            _ if zero => Err(self.wrong(value.as_ref(), "must be a number from 0 to 1000")),
            _ => Err(self.wrong(value.as_ref(), "must be a number from 0.001 to 1000")),
        }
    }

    fn listed(&self) -> Result<(&At<Vec<Span>>, Vec<f64>), Wrong> {
        let Some(values) = &self.values else { return Err(self.wrong(self.values.as_ref(), "no values")) };
        Ok((values, values.get().iter().map(|span| seconds_of(*span)).collect()))
    }
}

fn span_of<T>(value: &Option<At<T>>) -> Option<std::ops::Range<usize>> {
    value.as_ref().map(At::span)
}

fn seconds_of(span: Span) -> f64 {
    if span.is_forever() { f64::INFINITY } else { span.get().as_secs_f64() }
}

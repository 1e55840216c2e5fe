//! Checks of bills and prices.

use super::super::schema::{BillingSpec, ClassSpec, PricesSpec};
use super::*;
use crate::billing::Prices;
use crate::model::Money;

/// The most that anything may cost, or that anybody may pay at once.
const MOST: f64 = 1e9;

fn amount(value: &At<f64>, what: &str) -> Result<Money, Problem> {
    if (0.0..=MOST).contains(value.get()) {
        return Ok(Money::from_f64(*value.get()));
    }
    Err(Problem::at(value, format!("{what} of {} is no amount of money", value.get()))
        .label(format!("from 0 to {MOST}")))
}

/// Payments to accounts that exist, within a run that ends.
pub(super) fn billing(
    spec: Option<&BillingSpec>,
    duration: &At<Span>,
    known: Known<'_>,
) -> Result<(), Problem> {
    let Some(spec) = spec else { return Ok(()) };
    if duration.is_forever() {
        return Err(Problem::at(
            duration,
            "a run for ever has no last bill: leave `[billing]` out or let it end",
        )
        .label("a length of time, for example `\"30d\"`"));
    }
    for payment in &spec.payments {
        known.account(&payment.account)?;
        amount(&payment.amount, "a payment")?;
    }
    Ok(())
}

/// The price table with the scenario's figures laid over it.
pub(super) fn prices(
    spec: Option<&PricesSpec>,
    classes: &[ClassSpec],
    known: Known<'_>,
) -> Result<Prices, Problem> {
    let mut prices = Prices::shipped().clone();
    let Some(spec) = spec else { return Ok(prices) };
    let maps = [("vcpu", &spec.vcpu), ("memory", &spec.memory), ("gpu", &spec.gpu), ("disk", &spec.disk)];
    for (item, map) in maps {
        // `*` first: it takes the place of every finer row, also of those that the table has.
        let all = map.iter().filter(|(name, _)| *name == "*");
        for (name, price) in all.chain(map.iter().filter(|(name, _)| *name != "*")) {
            let names = names_of(item, known);
            if name != "*" && !names.iter().any(|one| one == name) {
                return Err(Problem::at(price, format!("`prices.{item}`: there is no `{name}`"))
                    .maybe_help(did_you_mean(name, names.iter().map(String::as_str))));
            }
            prices.set(item, name, amount(price, "a price")?);
        }
    }
    let singles = [("bandwidth", &spec.bandwidth), ("credit", &spec.credit), ("month", &spec.month_hours)];
    for (item, price) in singles {
        if let Some(price) = price {
            prices.set(item, "*", amount(price, "a price")?);
        }
    }
    for (name, price) in &spec.types {
        let row = known.instance_type(&At::new(name.clone(), price.span()))?;
        let part = |part: &Option<At<f64>>| part.as_ref().map(|part| amount(part, "a price")).transpose();
        prices.set_type(row, part(&price.hour)?, part(&price.month)?);
    }
    for (name, price) in &spec.hosts {
        let shipped = known.catalog.host_types.iter().map(|row| row.name.as_str());
        let names = shipped.chain(classes.iter().map(|class| class.name.get().as_str()));
        if !names.clone().any(|one| one == name) {
            return Err(Problem::at(price, format!("`prices.hosts`: there is no host type `{name}`"))
                .maybe_help(did_you_mean(name, names)));
        }
        let part = |part: &Option<At<f64>>| part.as_ref().map(|part| amount(part, "a price")).transpose();
        prices.set_host(name, part(&price.hour)?, part(&price.month)?);
    }
    Ok(prices)
}

/// The names that a map of prices may use.
fn names_of(item: &str, known: Known<'_>) -> Vec<String> {
    let types = || known.types.iter().chain(&known.catalog.types);
    let mut names: Vec<String> = match item {
        "gpu" => types().filter_map(|row| row.gpu.as_ref().map(|gpu| gpu.model.clone())).collect(),
        "disk" => {
            let level = |disk: &crate::model::DiskCategory| match &disk.performance_level {
                Some(level) => vec![disk.category.clone(), format!("{} {level}", disk.category)],
                None => vec![disk.category.clone()],
            };
            known.catalog.disks.iter().flat_map(level).collect()
        }
        _ => types().map(|row| row.category.clone()).collect(),
    };
    names.sort();
    names.dedup();
    names
}

//! Dedicated hosts: AllocateDedicatedHosts, ReleaseDedicatedHost, ModifyDedicatedHostAttribute, and what a host is.

use std::collections::BTreeMap;

use crate::api::forms;
use crate::model::Utc;
use crate::validate::{Period, PeriodUnit};
use crate::world::{ChargeType, Quota};

use super::refusal::*;
use super::{Params, Refusal, release_time};

/// Where a host is in its life (DHST-1, DHST-2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Condition {
    /// Allocated, not usable yet.
    Starting,
    /// In service: the only state in which instances can be created (DHST-3).
    Available,
    /// A fault is suspected.
    UnderAssessment,
    /// Broken for good.
    PermanentFailure,
    /// Its subscription is over: its instances are stopped (DHST-35).
    Expired,
}

impl Condition {
    /// Status as the API spells it in 2021 (DHST-2); the others are of the console (DHST-1).
    pub const fn name(self) -> &'static str {
        match self {
            Condition::Starting => "Starting",
            Condition::Available => "Available",
            Condition::UnderAssessment => "UnderAssessment",
            Condition::PermanentFailure => "PermanentFailure",
            Condition::Expired => "Expired",
        }
    }
}

/// What happens to the instances when the server under a host fails (DHST-40).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum OnMaintenance {
    /// They move to another server and start again.
    Migrate,
    /// They stop.
    Stop,
}

/// An allocated host.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Host {
    /// Id, such as `dh-cn-hangzhou-g-1` (DHST-5).
    pub id: String,
    /// Name of its type.
    pub host_type: String,
    /// Account, by number.
    pub account: u32,
    /// Zone, by number (DHST-6).
    pub zone: u32,
    /// Families of instance types that it takes, by number, ascending (DHST-17).
    pub families: Vec<u32>,
    /// How it is paid.
    pub charge: ChargeType,
    /// End of its subscription.
    pub expires: Option<Utc>,
    /// Months of an automatic renewal.
    pub auto_renew: Option<u32>,
    /// Renewals of this term that the account had no money for (DHST-36).
    pub renewals_failed: u32,
    /// When it is released by itself (DHST-8).
    pub auto_release: Option<Utc>,
    /// Takes instances that do not name it (DHST-14).
    pub auto_placement: bool,
    /// What a failure does to its instances.
    pub action: OnMaintenance,
    /// Cluster that it is grouped in; at most one (DHST-60).
    pub cluster: Option<String>,
    /// Where it is in its life.
    pub condition: Condition,
    /// Instances that are on it, or keep it in mind while they are stopped without charges.
    pub instances: u32,
}

impl Host {
    /// Takes this kind of payment (DHST-32).
    pub fn takes_charge(&self, charge: ChargeType) -> bool {
        self.charge == ChargeType::PrePaid || charge == ChargeType::PostPaid
    }

    /// Takes this family (DHST-17).
    pub fn takes_family(&self, family: u32) -> bool {
        self.families.binary_search(&family).is_ok()
    }

    /// A subscription up to `end` lies within the host's (DHST-33).
    pub fn outlives(&self, end: Option<Utc>) -> bool {
        self.expires.zip(end).is_none_or(|(own, end)| end <= own)
    }
}

/// All allocated hosts, by their number in the world.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Hosts(pub BTreeMap<u32, Host>);

impl Hosts {
    /// The host of this id, whoever owns it.
    pub fn named(&self, id: &str) -> Option<(u32, &Host)> {
        self.0.iter().find(|(_, host)| host.id == id).map(|(at, host)| (*at, host))
    }

    /// Pay-as-you-go hosts of an account (DHST-51).
    pub fn postpaid(&self, account: u32) -> u64 {
        let own = self.0.values().filter(|host| host.account == account);
        own.filter(|host| host.charge == ChargeType::PostPaid).count() as u64
    }
}

/// A wish for hosts that has a proper form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allocate {
    /// Type of the hosts.
    pub host_type: String,
    /// Zone; none: the first that has enough of them.
    pub zone: Option<String>,
    /// How many.
    pub quantity: u32,
    /// How many at least: fewer, and nothing is allocated (DHST-50, ADH-B3).
    pub least: u32,
    /// How they are paid; PostPaid is the default (DHST-30).
    pub charge: ChargeType,
    /// Months of the subscription.
    pub months: Option<u32>,
    /// End of the subscription.
    pub expires: Option<Utc>,
    /// Months of an automatic renewal.
    pub auto_renew: Option<u32>,
    /// When they are released by themselves.
    pub auto_release: Option<Utc>,
    /// AutoPlacement: on by default (DHST-12).
    pub auto_placement: bool,
    /// ActionOnMaintenance; none: by the local disks of the type (DHST-40).
    pub action: Option<OnMaintenance>,
    /// Cluster.
    pub cluster: Option<String>,
    /// Over-commit of vCPUs in thousandths; none: the type's own (DHST-24).
    pub ratio_milli: Option<u32>,
}

/// 2-128 characters, a letter or Chinese character first, then letters, digits, `.`, `:`, `_`, `-` (DHST-54).
pub fn host_name(text: &str) -> bool {
    let count = text.chars().count();
    (2..=128).contains(&count)
        && text.starts_with(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '.' | ':' | '_' | '-'))
}

/// What allocation and change have in common.
fn attributes(params: &Params) -> Result<(Option<bool>, Option<OnMaintenance>), Refusal> {
    if params.get("DedicatedHostName").is_some_and(|name| !host_name(name)) {
        return Err(BAD_HOST_NAME);
    }
    let web = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    if params.get("Description").is_some_and(web) {
        return Err(BAD_DESCRIPTION);
    }
    params.integer("NetworkAttributes.SlbUdpTimeout", 15..=310, BAD_SLB_TIMEOUT)?;
    params.integer("NetworkAttributes.UdpTimeout", 15..=310, BAD_UDP_TIMEOUT)?;
    let auto = params.word("AutoPlacement", &["off", "on"], INVALID_PARAMETER)?.map(|word| word == 1);
    let action = params.word("ActionOnMaintenance", &["Migrate", "Stop"], INVALID_PARAMETER)?;
    let action = action.map(|word| [OnMaintenance::Migrate, OnMaintenance::Stop][word]);
    Ok((auto, action))
}

/// Length of a host's subscription in months: 1-9, 12, 24, 36 months or 1-5 years (DHST-34).
fn months(params: &Params) -> Result<u32, Refusal> {
    let years = params.word("PeriodUnit", &["Month", "Year"], BAD_PERIOD_UNIT)? == Some(1);
    let count = params.integer("Period", 1..=36, INVALID_PARAMETER)?.ok_or(MISSING_PERIOD)?;
    match (years, count) {
        (true, 1..=5) => Ok(12 * count as u32),
        (false, 1..=9 | 12 | 24 | 36) => Ok(count as u32),
        _ => Err(INVALID_PARAMETER),
    }
}

/// Reads AllocateDedicatedHosts (ADH-P03 to ADH-P26).
///
/// # Errors
/// A parameter that is missing or has no proper value.
pub fn read(params: &Params, now: Utc) -> Result<Allocate, Refusal> {
    let host_type = params.get("DedicatedHostType").ok_or(MISSING_PARAMETER)?.to_owned();
    let quantity = params.integer("Quantity", 1..=100, INVALID_PARAMETER)?.unwrap_or(1) as u32;
    let least = params.integer("MinQuantity", 1..=100, INVALID_PARAMETER)?.map_or(quantity, |n| n as u32);
    let (auto, action) = attributes(params)?;
    let charge = params.word("ChargeType", &["PostPaid", "PrePaid"], BAD_CHARGE_TYPE)?;
    let prepaid = charge == Some(1);
    let months = if prepaid { Some(months(params)?) } else { None };
    let expires = months.map(|count| Period { count, unit: PeriodUnit::Month }.end(now));
    let renew = params.flag("AutoRenew")? && prepaid;
    let auto_renew = match renew {
        true => match params.integer("AutoRenewPeriod", 1..=12, BAD_RENEW_PERIOD)? {
            Some(months @ (1 | 2 | 3 | 6 | 12)) => Some(months as u32),
            _ => return Err(BAD_RENEW_PERIOD),
        },
        false => None,
    };
    let auto_release = params.get("AutoReleaseTime").map(|text| release_time::read(text, now)).transpose()?;
    if auto_release.is_some() && prepaid {
        return Err(BAD_RELEASE_TIME);
    }
    let ratio =
        params.get("CpuOverCommitRatio").map(|text| forms::price_milli(text).ok_or(INVALID_PARAMETER));
    let ratio_milli = match ratio.transpose()? {
        None => None,
        Some(milli @ 1_000..=5_000) => Some(milli as u32),
        Some(_) => return Err(INVALID_PARAMETER),
    };
    Ok(Allocate {
        host_type,
        zone: params.get("ZoneId").map(str::to_owned),
        quantity,
        least: least.min(quantity),
        charge: if prepaid { ChargeType::PrePaid } else { ChargeType::PostPaid },
        months,
        expires,
        auto_renew,
        auto_release,
        auto_placement: auto.unwrap_or(true),
        action,
        cluster: params.get("DedicatedHostClusterId").map(str::to_owned),
        ratio_milli,
    })
}

/// What a zone has of the type that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    /// There is such a type.
    pub known: bool,
    /// The zone has hosts of it, taken or not.
    pub sold: bool,
    /// Hosts that nobody has.
    pub left: u32,
}

/// How many hosts the account gets (DHST-50, DHST-51, DHST-53).
///
/// # Errors
/// The type or the zone has none, the quota is used up, or too few are left.
pub fn grant(wish: &Allocate, offer: Offer, quota: Quota) -> Result<u32, Refusal> {
    if !offer.known {
        return Err(BAD_HOST_TYPE);
    }
    if !offer.sold {
        return Err(ZONE_WITHOUT_HOST_TYPE);
    }
    if wish.charge == ChargeType::PostPaid && quota.exceeded_by(u64::from(wish.quantity)) {
        return Err(HOST_QUOTA);
    }
    if offer.left < wish.least {
        return Err(NO_HOST_STOCK);
    }
    Ok(wish.quantity.min(offer.left))
}

/// ReleaseDedicatedHost (RDH-B1, DHST-7): the number of the host that goes.
///
/// # Errors
/// A host that does not exist, is another's, is paid by subscription, still starts, or has instances.
pub fn release(params: &Params, account: u32, hosts: &Hosts) -> Result<u32, Refusal> {
    let id = params.get("DedicatedHostId").ok_or(MISSING_PARAMETER)?;
    let (at, host) = hosts.named(id).ok_or(UNKNOWN_HOST)?;
    if host.account != account {
        return Err(NOT_YOUR_HOST);
    }
    if host.charge == ChargeType::PrePaid {
        return Err(PREPAID_HOST);
    }
    if host.condition == Condition::Starting {
        return Err(HOST_INITIALIZING);
    }
    if host.instances > 0 {
        return Err(HOST_IN_USE);
    }
    Ok(at)
}

/// What ModifyDedicatedHostAttribute changes; only what is given (MDH-B1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The host.
    pub host: u32,
    /// AutoPlacement.
    pub auto_placement: Option<bool>,
    /// ActionOnMaintenance.
    pub action: Option<OnMaintenance>,
    /// DedicatedHostClusterId.
    pub cluster: Option<String>,
}

/// ModifyDedicatedHostAttribute (MDH-B1).
///
/// # Errors
/// A host that does not exist or is another's, or a bad value.
pub fn modify(params: &Params, account: u32, hosts: &Hosts) -> Result<Change, Refusal> {
    let id = params.get("DedicatedHostId").ok_or(MISSING_PARAMETER)?;
    let own = hosts.named(id).filter(|(_, host)| host.account == account);
    let (host, _) = own.ok_or(UNKNOWN_HOST)?;
    let (auto_placement, action) = attributes(params)?;
    let cluster = params.get("DedicatedHostClusterId").map(str::to_owned);
    Ok(Change { host, auto_placement, action, cluster })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const NOW: Utc = Utc(1_567_382_400); // 2019-09-02T00:00:00Z

    pub(crate) fn host(id: &str, charge: ChargeType) -> Host {
        Host {
            id: id.to_owned(),
            host_type: "ddh.g5".to_owned(),
            account: 0,
            zone: 0,
            families: vec![0, 4],
            charge,
            expires: (charge == ChargeType::PrePaid).then_some(Utc(NOW.0 + 30 * 86_400)),
            auto_renew: None,
            renewals_failed: 0,
            auto_release: None,
            auto_placement: true,
            action: OnMaintenance::Migrate,
            cluster: None,
            condition: Condition::Available,
            instances: 0,
        }
    }

    fn wish(pairs: &[(&str, &str)]) -> Result<Allocate, Refusal> {
        let mut all = vec![("DedicatedHostType", "ddh.g5")];
        all.extend(pairs);
        read(&Params::of(&all), NOW)
    }

    #[test]
    fn an_allocation_has_its_defaults() {
        // DHST-12, DHST-30, DHST-50, ADH-P04, ADH-P08, ADH-P19
        let plain = wish(&[]).unwrap();
        assert_eq!((plain.quantity, plain.least, plain.charge), (1, 1, ChargeType::PostPaid));
        assert!(plain.auto_placement && plain.expires.is_none() && plain.action.is_none());
        assert_eq!(read(&Params::default(), NOW), Err(MISSING_PARAMETER), "ADH-P03");
    }

    #[test]
    fn what_is_asked_of_an_allocation_is_kept() {
        // ADH-P03, ADH-P05, ADH-P06, ADH-P07, ADH-P10, ADH-P18, ADH-P23, ADH-P24, DHST-8, DHST-24
        let asked = wish(&[
            ("ZoneId", "cn-hangzhou-g"),
            ("DedicatedHostName", "rack.7"),
            ("Description", "of the database"),
            ("AutoReleaseTime", "2019-09-03T00:00:30Z"),
            ("DedicatedHostClusterId", "dc-a"),
            ("CpuOverCommitRatio", "1.5"),
        ])
        .unwrap();
        assert_eq!((asked.host_type.as_str(), asked.zone.as_deref()), ("ddh.g5", Some("cn-hangzhou-g")));
        assert_eq!(asked.auto_release, Some(Utc(NOW.0 + 86_400)));
        assert_eq!((asked.cluster.as_deref(), asked.ratio_milli), (Some("dc-a"), Some(1_500)));
        assert!(wish(&[]).unwrap().zone.is_none(), "the system picks one");
        // A renewal is of a subscription, and only of that.
        let renew = [("AutoRenew", "true"), ("AutoRenewPeriod", "1")];
        assert_eq!(wish(&renew).unwrap().auto_renew, None);
        let prepaid = [("ChargeType", "PrePaid"), ("Period", "1"), renew[0], renew[1]];
        assert_eq!(wish(&prepaid).unwrap().auto_renew, Some(1));
        assert_eq!(wish(&prepaid[..2]).unwrap().auto_renew, None, "off when nothing is said");
        let timed = [prepaid[0], prepaid[1], ("AutoReleaseTime", "2019-09-03T00:00:00Z")];
        assert_eq!(wish(&timed), Err(BAD_RELEASE_TIME), "ADH-P18: pay-as-you-go only");
    }

    #[test]
    fn a_subscription_needs_a_period_of_the_list() {
        // DHST-34, ADH-P09, ADH-P26, ADH-E005
        let prepaid = |pairs: &[(&str, &str)]| {
            let mut all = vec![("ChargeType", "PrePaid")];
            all.extend(pairs);
            wish(&all).map(|wish| wish.expires)
        };
        assert_eq!(prepaid(&[]), Err(MISSING_PERIOD));
        assert_eq!(MISSING_PERIOD.code, "MissingParamter");
        assert_eq!(prepaid(&[("Period", "1")]), Ok(Some(Utc(1_569_974_400)))); // 2019-10-02
        for (period, unit, good) in [
            ("9", "Month", true),
            ("10", "Month", false),
            ("36", "Month", true),
            ("5", "Year", true),
            ("6", "Year", false),
        ] {
            let read = prepaid(&[("Period", period), ("PeriodUnit", unit)]);
            assert_eq!(read.is_ok(), good, "{period} {unit}");
        }
        let renew =
            |months: &str| prepaid(&[("Period", "1"), ("AutoRenew", "true"), ("AutoRenewPeriod", months)]);
        assert!(renew("6").is_ok());
        assert_eq!(renew("4"), Err(BAD_RENEW_PERIOD), "ADH-P11, ADH-E028");
        assert_eq!(wish(&[("ChargeType", "Free")]), Err(BAD_CHARGE_TYPE), "ADH-E002");
        assert_eq!(prepaid(&[("Period", "1"), ("PeriodUnit", "Day")]), Err(BAD_PERIOD_UNIT), "ADH-E032");
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        // NAME-8, DHST-50, DHST-52, DHST-54, ADH-E003, ADH-E004, ADH-E036, ADH-E037, ADH-P12, ADH-P13, ADH-P14
        for (name, value, wrong) in [
            ("Quantity", "101", INVALID_PARAMETER),
            ("Quantity", "0", INVALID_PARAMETER),
            ("MinQuantity", "101", INVALID_PARAMETER),
            ("NetworkAttributes.SlbUdpTimeout", "14", BAD_SLB_TIMEOUT),
            ("NetworkAttributes.UdpTimeout", "311", BAD_UDP_TIMEOUT),
            ("DedicatedHostName", "1st", BAD_HOST_NAME),
            ("Description", "https://a", BAD_DESCRIPTION),
            ("AutoPlacement", "yes", INVALID_PARAMETER),
            ("ActionOnMaintenance", "Wait", INVALID_PARAMETER),
            ("CpuOverCommitRatio", "5.5", INVALID_PARAMETER),
            ("AutoReleaseTime", "2019-09-02T00:10:00Z", BAD_RELEASE_TIME),
        ] {
            assert_eq!(wish(&[(name, value)]), Err(wrong), "{name} {value}");
        }
        assert!(host_name("主机.one:2_a-b") && !host_name("a") && !host_name("a b"));
        assert!(host_name(&"h".repeat(128)) && !host_name(&"h".repeat(129)) && !host_name(".h"));
    }

    #[test]
    fn quota_and_stock_decide_how_many() {
        // DHST-50, DHST-51, DHST-53, QUO-64, ADH-E007, ADH-E008, ADH-E027, ADH-E030, ADH-B3, ADH-P25
        let offer = Offer { known: true, sold: true, left: 3 };
        let four = wish(&[("Quantity", "4")]).unwrap();
        let some = wish(&[("Quantity", "4"), ("MinQuantity", "2")]).unwrap();
        let plenty = Quota::default();
        assert_eq!(grant(&four, offer, plenty), Err(NO_HOST_STOCK), "all or nothing");
        assert_eq!(grant(&some, offer, plenty), Ok(3));
        assert_eq!(grant(&some, Offer { left: 1, ..offer }, plenty), Err(NO_HOST_STOCK));
        let quota = Quota { used: 7, limit: Some(10) };
        assert_eq!(grant(&four, offer, quota), Err(HOST_QUOTA));
        let prepaid = wish(&[("Quantity", "3"), ("ChargeType", "PrePaid"), ("Period", "1")]).unwrap();
        assert_eq!(grant(&prepaid, offer, Quota { used: 10, limit: Some(10) }), Ok(3), "PostPaid only");
        assert_eq!(grant(&some, Offer { sold: false, ..offer }, plenty), Err(ZONE_WITHOUT_HOST_TYPE));
        assert_eq!(grant(&some, Offer { known: false, ..offer }, plenty), Err(BAD_HOST_TYPE));
    }

    #[test]
    fn only_an_empty_host_of_ones_own_that_is_paid_by_use_is_released() {
        // DHST-7, RDH-B1, RDH-E001, RDH-E002, RDH-E003, RDH-E006, RDH-E007, RDH-P03
        assert_eq!(release(&Params::default(), 0, &Hosts::default()), Err(MISSING_PARAMETER));
        let mut hosts = Hosts::default();
        hosts.0.insert(7, host("dh-a", ChargeType::PostPaid));
        hosts.0.insert(8, host("dh-b", ChargeType::PrePaid));
        let of = |id: &str| Params::of(&[("DedicatedHostId", id)]);
        assert_eq!(release(&of("dh-a"), 0, &hosts), Ok(7));
        assert_eq!(release(&of("dh-a"), 1, &hosts), Err(NOT_YOUR_HOST));
        assert_eq!(release(&of("dh-b"), 0, &hosts), Err(PREPAID_HOST));
        assert_eq!(release(&of("dh-c"), 0, &hosts), Err(UNKNOWN_HOST));
        hosts.0.get_mut(&7).unwrap().instances = 1;
        assert_eq!(release(&of("dh-a"), 0, &hosts), Err(HOST_IN_USE));
        hosts.0.get_mut(&7).unwrap().condition = Condition::Starting;
        assert_eq!(release(&of("dh-a"), 0, &hosts), Err(HOST_INITIALIZING));
        assert_eq!(hosts.postpaid(0), 1);
    }

    #[test]
    fn a_change_touches_what_is_given() {
        // MDH-B1, MDH-P03 to MDH-P10, MDH-E002, MDH-E004, MDH-E006, MDH-E008, MDH-E009, DHST-14, DHST-40, DHST-60
        let mut hosts = Hosts::default();
        hosts.0.insert(7, host("dh-a", ChargeType::PostPaid));
        let change = |pairs: &[(&str, &str)]| {
            let mut all = vec![("DedicatedHostId", "dh-a")];
            all.extend(pairs);
            modify(&Params::of(&all), 0, &hosts)
        };
        let off = change(&[("AutoPlacement", "off")]).unwrap();
        assert_eq!((off.host, off.auto_placement, off.action), (7, Some(false), None));
        let stop = change(&[("ActionOnMaintenance", "Stop")]).unwrap();
        assert_eq!((stop.auto_placement, stop.action), (None, Some(OnMaintenance::Stop)));
        let moved = change(&[("DedicatedHostClusterId", "dc-a")]).unwrap();
        assert_eq!((moved.cluster.as_deref(), moved.auto_placement), (Some("dc-a"), None));
        assert_eq!(off.cluster, None);
        assert_eq!(change(&[("DedicatedHostName", "-")]), Err(BAD_HOST_NAME));
        assert_eq!(change(&[("Description", "http://a")]), Err(BAD_DESCRIPTION));
        assert_eq!(change(&[("ActionOnMaintenance", "Wait")]), Err(INVALID_PARAMETER));
        assert_eq!(change(&[("AutoPlacement", "yes")]), Err(INVALID_PARAMETER));
        assert_eq!(change(&[("NetworkAttributes.SlbUdpTimeout", "311")]), Err(BAD_SLB_TIMEOUT));
        assert_eq!(change(&[("NetworkAttributes.UdpTimeout", "14")]), Err(BAD_UDP_TIMEOUT));
        let good = [("NetworkAttributes.UdpTimeout", "15"), ("NetworkAttributes.SlbUdpTimeout", "310")];
        assert!(change(&good).is_ok());
        assert_eq!(modify(&Params::default(), 0, &hosts), Err(MISSING_PARAMETER));
        assert_eq!(modify(&Params::of(&[("DedicatedHostId", "dh-a")]), 1, &hosts), Err(UNKNOWN_HOST));
    }

    #[test]
    fn a_host_takes_payments_families_and_periods() {
        // DHST-17, DHST-32, DHST-33
        let (post, pre) = (host("a", ChargeType::PostPaid), host("b", ChargeType::PrePaid));
        assert!(post.takes_charge(ChargeType::PostPaid) && !post.takes_charge(ChargeType::PrePaid));
        assert!(pre.takes_charge(ChargeType::PostPaid) && pre.takes_charge(ChargeType::PrePaid));
        assert!(pre.takes_family(4) && !pre.takes_family(3));
        assert!(pre.outlives(pre.expires) && pre.outlives(None));
        assert!(!pre.outlives(Some(Utc(pre.expires.unwrap().0 + 1))));
        assert!(post.outlives(Some(Utc(i64::MAX))));
    }
}

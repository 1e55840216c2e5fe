//! Hosts that nobody has allocated yet.

use crate::model::HostIx;
use crate::operations::hosts::Offer;

/// A host for dedicated use, free or taken.
#[derive(Clone, Debug)]
pub(in crate::sim) struct StockHost {
    pub(in crate::sim) host: HostIx,
    pub(in crate::sim) zone: u32,
    pub(in crate::sim) host_type: String,
    /// Over-commit in thousandths, when the scenario chose one.
    pub(in crate::sim) ratio_milli: Option<u32>,
    /// Families that it takes, ascending.
    pub(in crate::sim) families: Vec<u32>,
    pub(in crate::sim) vcpus: u64,
    pub(in crate::sim) memory_mib: u64,
    pub(in crate::sim) local_disks: bool,
    /// Nobody has it, and it is not broken.
    pub(in crate::sim) free: bool,
}

/// All hosts for dedicated use.
#[derive(Debug, Default)]
pub(in crate::sim) struct Stock(pub(in crate::sim) Vec<StockHost>);

impl Stock {
    fn of<'a>(
        &'a self,
        zone: u32,
        host_type: &'a str,
        ratio_milli: Option<u32>,
    ) -> impl Iterator<Item = (usize, &'a StockHost)> {
        let ratio = move |host: &StockHost| ratio_milli.is_none() || host.ratio_milli == ratio_milli;
        let here = move |host: &StockHost| host.zone == zone && host.host_type == host_type && ratio(host);
        self.0.iter().enumerate().filter(move |(_, host)| here(host))
    }

    /// What a zone has of a type, at an over-commit.
    pub(in crate::sim) fn offer(
        &self,
        zone: u32,
        host_type: &str,
        ratio_milli: Option<u32>,
        known: bool,
    ) -> Offer {
        let left = self.of(zone, host_type, ratio_milli).filter(|(_, host)| host.free).count() as u32;
        Offer { known, sold: self.of(zone, host_type, None).next().is_some(), left }
    }

    /// Takes the first free host of a type out of the stock of a zone.
    pub(in crate::sim) fn take(
        &mut self,
        zone: u32,
        host_type: &str,
        ratio_milli: Option<u32>,
    ) -> Option<StockHost> {
        let (at, _) = self.of(zone, host_type, ratio_milli).find(|(_, host)| host.free)?;
        self.0[at].free = false;
        Some(self.0[at].clone())
    }

    /// Puts a host back into stock.
    pub(in crate::sim) fn put_back(&mut self, host: HostIx) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.host == host) {
            entry.free = true;
        }
    }

    /// The entry of a host.
    pub(in crate::sim) fn entry(&self, host: HostIx) -> Option<&StockHost> {
        self.0.iter().find(|entry| entry.host == host)
    }
}

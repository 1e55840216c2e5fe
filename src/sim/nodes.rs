//! What a run tells of its node controllers: failures, recoveries, migrations.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::metrics::Percentiles;
use crate::model::SimDuration;

/// Failures, maintenance, and what became of the instances, over the whole run. Times are of virtual time.
#[derive(Clone, Debug, Serialize)]
pub struct NodeReport {
    /// Times that a host failed.
    pub host_failures: u64,
    /// Hosts that are down at the end.
    pub hosts_down: u64,
    /// Most hosts that were down at once.
    pub peak_hosts_down: u64,
    /// Times that an instance went down: `recovered_elsewhere + recovered_in_place + released_while_down + down`.
    pub went_down: u64,
    /// Times that one came back on another host.
    pub recovered_elsewhere: u64,
    /// Times that one came back on its own host.
    pub recovered_in_place: u64,
    /// Times that one was released before it came back.
    pub released_while_down: u64,
    /// Instances that are down at the end.
    pub down: u64,
    /// Most instances that were down at once.
    pub peak_down: u64,
    /// Tries to find an instance another host that found none.
    pub tries_without_room: u64,
    /// Instances that left their deployment set to come back (DEP-41).
    pub left_their_set: u64,
    /// How long instances that had run were down until they ran again, in microseconds.
    pub downtime_us: Percentiles,
    /// Live migrations.
    pub migrations: MigrationReport,
    /// Hosts that were emptied for maintenance.
    pub hosts_emptied: u64,
    /// Hosts that were worked on, some of them with stopped instances.
    pub hosts_worked_on: u64,
    /// Instances that were stopped for the work because they found no other host in time, or cannot move.
    pub stopped_for_work: u64,
    /// Places whose local disks were wiped before others could have them.
    pub places_wiped: u64,
}

/// Live migrations over the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct MigrationReport {
    /// Begun: `done + cut + under_way`.
    pub begun: u64,
    /// Done.
    pub done: u64,
    /// Ended early: the instance was released or a host of the two failed.
    pub cut: u64,
    /// Under way at the end.
    pub under_way: u64,
    /// Tries that found no other host.
    pub tries_without_room: u64,
    /// Bytes copied by those that are done.
    pub bytes: u64,
    /// Time of the copy, in microseconds.
    pub copy_us: Percentiles,
    /// Pause of the instance at the end of the copy, in microseconds.
    pub pause_us: Percentiles,
}

/// A number that goes up and down, and its peak.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Count {
    now: u64,
    peak: u64,
}

impl Count {
    pub(super) fn now(self) -> u64 {
        self.now
    }

    pub(super) fn up(&mut self) {
        self.now += 1;
        self.peak = self.peak.max(self.now);
    }

    pub(super) fn down(&mut self) {
        self.now = self.now.checked_sub(1).expect("counted down what was never counted");
    }
}

/// How an instance that was down came back, or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Back {
    Elsewhere,
    InPlace,
    Released,
}

/// Running counts.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct NodeTally {
    pub(super) host_failures: u64,
    pub(super) hosts_down: Count,
    pub(super) went_down: u64,
    back: [u64; 3],
    pub(super) down: Count,
    pub(super) tries_without_room: u64,
    pub(super) left_their_set: u64,
    #[serde(with = "crate::metrics::saved")]
    downtime: Histogram<u64>,
    pub(super) moves_begun: u64,
    moves_done: u64,
    pub(super) moves_cut: u64,
    pub(super) moves_without_room: u64,
    bytes: u64,
    #[serde(with = "crate::metrics::saved")]
    copy: Histogram<u64>,
    #[serde(with = "crate::metrics::saved")]
    pause: Histogram<u64>,
    pub(super) hosts_emptied: u64,
    pub(super) hosts_worked_on: u64,
    pub(super) stopped_for_work: u64,
    pub(super) places_wiped: u64,
}

impl NodeTally {
    pub(super) fn new() -> NodeTally {
        let histogram = || Histogram::new(3).expect("three significant figures are allowed");
        NodeTally {
            host_failures: 0,
            hosts_down: Count::default(),
            went_down: 0,
            back: [0; 3],
            down: Count::default(),
            tries_without_room: 0,
            left_their_set: 0,
            downtime: histogram(),
            moves_begun: 0,
            moves_done: 0,
            moves_cut: 0,
            moves_without_room: 0,
            bytes: 0,
            copy: histogram(),
            pause: histogram(),
            hosts_emptied: 0,
            hosts_worked_on: 0,
            stopped_for_work: 0,
            places_wiped: 0,
        }
    }

    /// An instance is no longer down; `downtime` is none for one that had not run before.
    pub(super) fn back(&mut self, how: Back, downtime: Option<SimDuration>) {
        self.down.down();
        self.back[how as usize] += 1;
        if let Some(downtime) = downtime {
            record(&mut self.downtime, downtime);
        }
    }

    /// A live migration is done.
    pub(super) fn moved(&mut self, bytes: u64, copy: SimDuration, pause: SimDuration) {
        self.moves_done += 1;
        self.bytes += bytes;
        record(&mut self.copy, copy);
        record(&mut self.pause, pause);
    }

    pub(super) fn report(&self) -> NodeReport {
        let [recovered_elsewhere, recovered_in_place, released_while_down] = self.back;
        NodeReport {
            host_failures: self.host_failures,
            hosts_down: self.hosts_down.now,
            peak_hosts_down: self.hosts_down.peak,
            went_down: self.went_down,
            recovered_elsewhere,
            recovered_in_place,
            released_while_down,
            down: self.down.now,
            peak_down: self.down.peak,
            tries_without_room: self.tries_without_room,
            left_their_set: self.left_their_set,
            downtime_us: Percentiles::of(&self.downtime),
            migrations: MigrationReport {
                begun: self.moves_begun,
                done: self.moves_done,
                cut: self.moves_cut,
                under_way: self.moves_begun - self.moves_done - self.moves_cut,
                tries_without_room: self.moves_without_room,
                bytes: self.bytes,
                copy_us: Percentiles::of(&self.copy),
                pause_us: Percentiles::of(&self.pause),
            },
            hosts_emptied: self.hosts_emptied,
            hosts_worked_on: self.hosts_worked_on,
            stopped_for_work: self.stopped_for_work,
            places_wiped: self.places_wiped,
        }
    }
}

fn record(histogram: &mut Histogram<u64>, span: SimDuration) {
    histogram.record(span.0).expect("an auto-resizing histogram takes any value");
}

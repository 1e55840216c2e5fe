//! A calendar queue (R. Brown, 1988): days of equal width, a year of them in an array, each day sorted.

use std::collections::VecDeque;

use crate::workload::{Event, Pending};

#[derive(Clone, Copy)]
struct Item {
    at: u64,
    class: u8,
    event: Event,
}

/// The calendar queue. It doubles and halves its year with the number of events, and takes the width of a
/// day from the gaps between the next events at that moment; it takes it anew when events and days passed
/// over have cost as much as eight for each event taken and each one pending.
pub(crate) struct Calendar {
    days: Vec<VecDeque<Item>>,
    width: u64,
    today: usize,
    /// Where today ends.
    midnight: u64,
    now: u64,
    len: usize,
    /// Events taken, and days and events passed over, since the width was chosen.
    taken: usize,
    passed: usize,
}

/// Events that are looked at for the width of a day.
const SAMPLE: usize = 25;

impl Calendar {
    fn day(&self, at: u64) -> usize {
        (at / self.width) as usize & (self.days.len() - 1)
    }

    fn put(&mut self, item: Item) {
        let day = self.day(item.at);
        let day = &mut self.days[day];
        if day.back().is_none_or(|last| (last.at, last.class) <= (item.at, item.class)) {
            day.push_back(item);
        } else {
            let at = day.partition_point(|other| (other.at, other.class) <= (item.at, item.class));
            self.passed += at.min(day.len() - at);
            day.insert(at, item);
        }
        self.len += 1;
    }

    fn go_to(&mut self, at: u64) {
        self.today = self.day(at);
        self.midnight = (at / self.width + 1).saturating_mul(self.width);
    }

    fn take(&mut self) -> Option<Item> {
        if self.len == 0 {
            return None;
        }
        for _ in 0..self.days.len() {
            if let Some(first) = self.days[self.today].front()
                && first.at < self.midnight
            {
                self.len -= 1;
                return self.days[self.today].pop_front();
            }
            self.passed += 1;
            self.today = (self.today + 1) & (self.days.len() - 1);
            self.midnight = self.midnight.saturating_add(self.width);
        }
        // Nothing within a year: look at all days.
        let next = self.days.iter().filter_map(|day| day.front()).map(|item| item.at).min()?;
        self.go_to(next);
        self.len -= 1;
        self.days[self.today].pop_front()
    }

    /// Three times the mean gap of the next events, without the gaps that are over twice the mean.
    fn estimate(&mut self) -> u64 {
        let sample: Vec<Item> = (0..SAMPLE).map_while(|_| self.take()).collect();
        let gaps: Vec<u64> = sample.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        let mean = gaps.iter().sum::<u64>() / gaps.len().max(1) as u64;
        let usual: Vec<u64> = gaps.iter().copied().filter(|&gap| gap <= 2 * mean).collect();
        let width = 3 * usual.iter().sum::<u64>() / usual.len().max(1) as u64;
        // Back to the front of their days, the last one first.
        for &item in sample.iter().rev() {
            let day = self.day(item.at);
            self.days[day].push_front(item);
            self.len += 1;
        }
        if width == 0 { self.width } else { width }
    }

    fn resize(&mut self, days: usize) {
        self.width = self.estimate();
        let old = std::mem::replace(&mut self.days, vec![VecDeque::new(); days]);
        self.len = 0;
        for item in old.into_iter().flatten() {
            self.put(item);
        }
        self.go_to(self.now);
        (self.taken, self.passed) = (0, 0);
    }
}

impl Pending for Calendar {
    const NAME: &'static str = "calendar";

    fn empty() -> Calendar {
        Calendar {
            days: vec![VecDeque::new(); 2],
            width: 1,
            today: 0,
            midnight: 1,
            now: 0,
            len: 0,
            taken: 0,
            passed: 0,
        }
    }

    #[inline]
    fn schedule(&mut self, at: u64, class: u8, event: Event) {
        self.put(Item { at, class, event });
        if at < self.midnight.saturating_sub(self.width) {
            self.go_to(at);
        }
        if self.len > 2 * self.days.len() {
            self.resize(2 * self.days.len());
        }
    }

    #[inline]
    fn next(&mut self) -> Option<(u64, Event)> {
        let item = self.take()?;
        self.now = item.at;
        self.taken += 1;
        if self.passed > 8 * (self.taken + self.len) {
            self.resize(self.days.len());
        } else if self.taken > self.len {
            (self.taken, self.passed) = (0, 0);
        }
        if self.len < self.days.len() / 2 && self.days.len() > 2 {
            self.resize(self.days.len() / 2);
        }
        Some((item.at, item.event))
    }
}

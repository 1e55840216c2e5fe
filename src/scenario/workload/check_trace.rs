//! Checks of a replayed trace: how it is reshaped and mapped.

use super::check::Wrongs;
use super::{Known, MapSpec, TraceSpec};
use crate::catalog::Catalog;

/// The most copies of a trace.
const MOST_COPIES: u32 = 10_000;

impl TraceSpec {
    pub(super) fn check(&self, known: &Known<'_>, wrongs: &mut Wrongs) {
        if let Some(speed) = &self.speed {
            wrongs.number(speed, 1e-3, 1e6);
        }
        if let Some(copies) = &self.copies
            && !(1..=MOST_COPIES).contains(copies.get())
        {
            wrongs.add(copies, format!("must be a whole number from 1 to {MOST_COPIES}"));
        }
        if let Some(jitter) = &self.jitter
            && self.copies.is_none()
        {
            wrongs.add(jitter, "`jitter` moves copies: set `copies`");
        }
        for span in [&self.jitter, &self.shift].into_iter().flatten() {
            if span.get().is_forever() {
                wrongs.add(span, "must be a duration that ends");
            }
        }
        if let (Some(from), Some(until)) = (&self.origin, &self.until)
            && until.get() <= from.get()
        {
            wrongs.add(until, "`until` lies before `origin`");
        }
        if let Some(keep) = &self.keep
            && keep.get().get() == 0.0
        {
            wrongs.add(keep, "nothing would be kept");
        }
        if let Some(machine) = &self.machine {
            let (vcpus, memory) = (&machine.get().vcpus, &machine.get().memory);
            if !(1..=100_000).contains(vcpus.get()) {
                wrongs.add(vcpus, "must be a whole number from 1 to 100000");
            }
            if !(1..=u64::from(u32::MAX)).contains(&memory.get().as_mib()) {
                wrongs.add(memory, "must be from 1MiB to 4096TiB");
            }
        }
        if let Some(map) = &self.map {
            map.get().check(known, wrongs);
        }
    }
}

impl MapSpec {
    fn check(&self, known: &Known<'_>, wrongs: &mut Wrongs) {
        if let Some(families) = &self.families {
            let catalog = Catalog::shipped();
            for family in families.get() {
                if catalog.family_named(family).is_none() {
                    wrongs.add(families, format!("the catalog has no family `{family}`"));
                }
            }
            if families.get().is_empty() {
                wrongs.add(families, "no family is named");
            }
        }
        if let Some(types) = &self.types {
            for name in types.get().values().filter(|name| !known.types.contains(&name.as_str())) {
                wrongs.add(types, format!("unknown instance type `{name}`"));
            }
        }
        for (name, class) in &self.classes {
            for param in class.params.keys().filter(|param| super::check::fixed(param)) {
                wrongs
                    .nowhere(format!("parameter `{param}` of class `{name}` cannot be set through `params`"));
            }
        }
    }
}

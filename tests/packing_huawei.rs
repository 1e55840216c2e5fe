//! Runs on servers of two NUMA nodes, against a plain scan written here. The trace of the published runs may not be
//! passed on; this one is made by a fixed rule in the same form and with the same sizes.

use std::fmt::Write as _;

use packyard::packing::huawei::{Setup, Trace};
use packyard::placement::Policy;

type Vm = (f64, f64, u64, u64);

/// Sizes of the real trace, from the most to the least frequent.
const SIZES: [(u32, u32); 8] = [(1, 2), (1, 1), (2, 4), (4, 8), (4, 16), (8, 32), (16, 32), (32, 64)];

fn made(count: usize) -> (String, Vec<Vm>) {
    let mut text = String::from("vmid,cpu,mem,at,lt\n");
    let (mut vms, mut state, mut at) = (Vec::new(), 5u64, 0);
    for vmid in 0..count {
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (cpu, mem) = SIZES[(draw(8) * draw(8) / 7) as usize];
        at += draw(20);
        let lifetime = 1 + draw(40) * draw(40);
        let _ = writeln!(text, "{vmid},{cpu},{mem},{at}.0,{lifetime}.0");
        vms.push((cpu.into(), mem.into(), at, at + lifetime));
    }
    (text, vms)
}

/// The two policies as plain scans over (free cores, free GiB) of all nodes. None: it fits nowhere.
fn scan(nodes: &[(f64, f64)], (cpu, mem): (f64, f64), split: bool, best: bool) -> Option<Vec<usize>> {
    let ways: Vec<Vec<usize>> = if split {
        (0..nodes.len() / 2).map(|server| vec![2 * server, 2 * server + 1]).collect()
    } else {
        (0..nodes.len()).map(|node| vec![node]).collect()
    };
    let (cpu, mem) = if split { (cpu / 2.0, mem / 2.0) } else { (cpu, mem) };
    let mut found: Option<(f64, Vec<usize>)> = None;
    for way in ways {
        if way.iter().any(|&node| nodes[node].0 < cpu || nodes[node].1 < mem) {
            continue;
        }
        let left = |&node: &usize| ((nodes[node].0 - cpu) / 40.0).min((nodes[node].1 - mem) / 90.0);
        let score = way.iter().map(left).sum::<f64>() / way.len() as f64;
        if found.as_ref().is_none_or(|(held, _)| best && score < *held) {
            found = Some((score, way));
        }
    }
    found.map(|(_, way)| way)
}

/// Placed before the first failure, and failures over the whole file.
fn twin(vms: &[Vm], servers: usize, threshold: f64, release: bool, best: bool) -> (u64, u64) {
    let mut nodes = vec![(40.0, 90.0); 2 * servers];
    let (mut first, mut failed, mut living) = (None, 0, Vec::<(u64, Vec<usize>, f64, f64)>::new());
    for (place, &(cpu, mem, at, end)) in vms.iter().enumerate() {
        living.retain(|(end, way, cpu, mem)| {
            let stays = !release || *end > at;
            for &node in way.iter().filter(|_| !stays) {
                nodes[node].0 += cpu;
                nodes[node].1 += mem;
            }
            stays
        });
        let split = mem > threshold;
        let Some(way) = scan(&nodes, (cpu, mem), split, best) else {
            first.get_or_insert(place as u64);
            failed += 1;
            continue;
        };
        let (cpu, mem) = (cpu / way.len() as f64, mem / way.len() as f64);
        for &node in &way {
            nodes[node].0 -= cpu;
            nodes[node].1 -= mem;
        }
        living.push((end, way, cpu, mem));
    }
    (first.unwrap_or(vms.len() as u64), failed)
}

#[test]
fn runs_agree_with_a_plain_scan() {
    let (text, vms) = made(4_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.csv");
    std::fs::write(&path, text).unwrap();
    let trace = Trace::read(&path, None).unwrap();
    let mut failures = 0;
    for (policy, best) in [("first-fit", false), ("node-best-fit", true)] {
        for (servers, threshold_gib) in [(1, 10), (5, 32), (5, 10), (12, 10)] {
            for release in [false, true] {
                let policy = Policy::named(policy).unwrap();
                let setup = Setup { servers, threshold_gib, release, policy };
                for start in [0, 1_000] {
                    let twin = twin(&vms[start..], servers as usize, threshold_gib.into(), release, best);
                    let shown = format!("{setup:?} from {start}");
                    assert_eq!(setup.until_full(&trace, start).unwrap(), twin.0, "{shown}");
                    if release && start == 0 {
                        assert_eq!(setup.whole(&trace).unwrap().rejected, twin.1, "{shown}");
                        failures += twin.1;
                    }
                }
            }
        }
    }
    assert!(failures > 0, "the file must fill the servers");
}

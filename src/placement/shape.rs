//! Shapes: what makes hosts interchangeable for packing.
//!
//! A shape is a short vector of numbers: class, label, tag of the policy, free local disks, free network cards, the
//! free CPU and memory of each NUMA node (in the order of the nodes, because first fit and ties look at their
//! numbers), and the free thousandths of each GPU in ascending order (which device has which is remembered per
//! host). Each vector that has ever occurred in a shard has a number there; hosts carry only that number.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::class::HostClass;
use super::hostset::HostSet;

const CLASS: usize = 0;
const LABEL: usize = 1;
const TAG: usize = 2;
const DISKS: usize = 3;
const NICS: usize = 4;
const NODES: usize = 5;

/// A shape's vector while it is being changed.
pub(super) type Vector = SmallVec<[u32; 64]>;

/// What is free on a host of some shape: the only thing of a host that a policy sees.
#[derive(Clone, Copy, Debug)]
pub struct Free<'a> {
    words: &'a [u32],
    nodes: usize,
}

impl<'a> Free<'a> {
    pub(super) fn new(words: &'a [u32], class: &HostClass) -> Free<'a> {
        Free { words, nodes: class.numa_nodes as usize }
    }

    /// Number of NUMA nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Free thousandths of a vCPU on one node.
    #[inline]
    pub fn node_cpu(&self, node: usize) -> u32 {
        self.words[NODES + 2 * node]
    }

    /// Free MiB of one node.
    #[inline]
    pub fn node_memory(&self, node: usize) -> u32 {
        self.words[NODES + 2 * node + 1]
    }

    /// Free thousandths of a vCPU on all nodes.
    pub fn cpu(&self) -> u64 {
        (0..self.nodes).map(|node| u64::from(self.node_cpu(node))).sum()
    }

    /// Free MiB on all nodes.
    pub fn memory(&self) -> u64 {
        (0..self.nodes).map(|node| u64::from(self.node_memory(node))).sum()
    }

    /// Free thousandths of each GPU, ascending.
    #[inline]
    pub fn gpus(&self) -> &'a [u32] {
        &self.words[NODES + 2 * self.nodes..]
    }

    /// Free thousandths of all GPUs.
    pub fn gpu(&self) -> u64 {
        self.gpus().iter().map(|&milli| u64::from(milli)).sum()
    }

    /// Free local disks.
    #[inline]
    pub fn local_disks(&self) -> u32 {
        self.words[DISKS]
    }

    /// Free network cards; the largest number when the class does not limit them.
    #[inline]
    pub fn nics(&self) -> u32 {
        self.words[NICS]
    }

    /// What the policy's rule remembers of the host; 0 on an empty host, and under rules that remember nothing.
    #[inline]
    pub fn tag(&self) -> u32 {
        self.words[TAG]
    }

    /// Whether nothing is taken.
    pub fn is_empty_host(&self, class: &HostClass) -> bool {
        self.words[DISKS..] == vector(class, 0, 0)[DISKS..]
    }
}

/// The vector of an empty host.
pub(super) fn vector(class: &HostClass, class_ix: u32, label: u32) -> Vector {
    let mut words = Vector::new();
    words.extend([class_ix, label, 0, class.local_disks, class.nics.unwrap_or(u32::MAX)]);
    for node in 0..class.numa_nodes {
        let (cpu, memory) = class.node(node);
        words.extend([cpu, memory]);
    }
    words.extend((0..class.gpu_count).map(|_| 1_000));
    words
}

/// Class number of a vector.
#[inline]
pub(super) fn class_of(words: &[u32]) -> usize {
    words[CLASS] as usize
}

/// Label number of a vector.
#[inline]
pub(super) fn label_of(words: &[u32]) -> usize {
    words[LABEL] as usize
}

pub(super) fn set_label(words: &mut [u32], label: u32) {
    words[LABEL] = label;
}

pub(super) fn set_tag(words: &mut [u32], tag: u32) {
    words[TAG] = tag;
}

pub(super) fn tag_of(words: &[u32]) -> u32 {
    words[TAG]
}

pub(super) fn disks_mut(words: &mut [u32]) -> &mut u32 {
    &mut words[DISKS]
}

pub(super) fn nics_mut(words: &mut [u32]) -> &mut u32 {
    &mut words[NICS]
}

/// CPU and memory of one node.
pub(super) fn node_mut(words: &mut [u32], node: u8) -> &mut [u32] {
    let at = NODES + 2 * usize::from(node);
    &mut words[at..at + 2]
}

/// The GPUs.
pub(super) fn gpus_mut(words: &mut [u32], nodes: u32) -> &mut [u32] {
    &mut words[NODES + 2 * nodes as usize..]
}

/// One shape that has occurred. At most one cache line.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Hosts that have it now.
    pub(super) hosts: HostSet,
    /// Where its vector starts in the table's arena.
    start: u32,
    /// Nothing is taken on such a host.
    pub(super) empty: bool,
    /// No vCPU or no memory is left on such a host.
    pub(super) full: bool,
}

/// All shapes of one shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    pub(super) list: Vec<Shape>,
    arena: Vec<u32>,
    by_vector: FxHashMap<Box<[u32]>, u32>,
}

impl Shapes {
    /// The vector of a shape.
    #[inline]
    pub(super) fn vector(&self, shape: u32) -> &[u32] {
        let start = self.list[shape as usize].start as usize;
        let end = self.list.get(shape as usize + 1).map_or(self.arena.len(), |next| next.start as usize);
        &self.arena[start..end]
    }

    /// The number of a vector, when it has one.
    pub(super) fn find(&self, words: &[u32]) -> Option<u32> {
        self.by_vector.get(words).copied()
    }

    /// Gives a new vector its number.
    pub(super) fn add(&mut self, words: &[u32], class: &HostClass) -> u32 {
        let shape = self.list.len() as u32;
        let free = Free::new(words, class);
        self.list.push(Shape {
            hosts: HostSet::default(),
            start: self.arena.len() as u32,
            empty: free.is_empty_host(class),
            full: free.cpu() == 0 || free.memory() == 0,
        });
        self.arena.extend_from_slice(words);
        self.by_vector.insert(words.into(), shape);
        shape
    }

    /// Bytes on the heap (an estimate for the hash table's own overhead).
    pub(super) fn bytes(&self) -> usize {
        let vectors = self.arena.len() * 4;
        self.list.capacity() * size_of::<Shape>()
            + self.list.iter().map(|shape| shape.hosts.bytes()).sum::<usize>()
            + self.arena.capacity() * 4
            + vectors
            + self.by_vector.capacity() * 21
    }
}

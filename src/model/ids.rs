//! Dense indices. Each is a position in one table of one run; none is stable across runs.

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a `usize`, for table look-ups.
            #[inline]
            pub const fn at(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            #[inline]
            fn from(at: usize) -> Self {
                debug_assert!(at <= u32::MAX as usize, "index overflow");
                Self(at as u32)
            }
        }
    )*};
}

index! {
    /// A region of the simulated cloud.
    RegionIx,
    /// A zone (of any region): zones are numbered through.
    ZoneIx,
    /// A host class: hosts of one class have the same capacity and serve the same families.
    ClassIx,
    /// A host: a node controller or a dedicated host. Numbered in the order of the scenario.
    HostIx,
    /// An instance type of the catalog or of the scenario.
    TypeIx,
    /// An image.
    ImageIx,
    /// An account.
    AccountIx,
}

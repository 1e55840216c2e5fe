//! The catalog: instance types, dedicated-host types, disk categories, images, regions and zones, from `data/*.csv`.

//! Facts of disks, images, snapshots and the marketplace.

use serde::{Deserialize, Serialize};

use super::timestamp;
use crate::model::{Os, Utc};

/// A disk category of the platform.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct DiskCategoryFacts {
    /// Smallest data disk in GiB.
    pub data_min_gib: u32,
    /// Largest data disk in GiB.
    pub data_max_gib: u32,
    /// Largest system disk in GiB.
    pub system_max_gib: u32,
    /// A data disk of it can outlive its instance.
    pub portable: bool,
    /// Lies on the host itself.
    pub local: bool,
    /// Can be encrypted.
    pub encryptable: bool,
    /// Withdrawn from new purchases everywhere.
    pub withdrawn: bool,
}

impl Default for DiskCategoryFacts {
    /// Like most cloud disks: 20 to 32,768 GiB (R106).
    fn default() -> DiskCategoryFacts {
        DiskCategoryFacts {
            data_min_gib: 20,
            data_max_gib: 32_768,
            system_max_gib: 500,
            portable: true,
            local: false,
            encryptable: true,
            withdrawn: false,
        }
    }
}

impl DiskCategoryFacts {
    /// What the reference says of one of the five documented categories (R106, R114, R118, R125).
    pub fn documented(name: &str) -> DiskCategoryFacts {
        let plain = DiskCategoryFacts::default();
        match name {
            "cloud" => DiskCategoryFacts { data_min_gib: 5, data_max_gib: 2000, ..plain },
            "ephemeral_ssd" => DiskCategoryFacts {
                data_min_gib: 5,
                data_max_gib: 800,
                portable: false,
                local: true,
                encryptable: false,
                ..plain
            },
            _ => plain,
        }
    }
}

/// Where an image comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageSource {
    /// Public.
    #[default]
    System,
    /// Made by an account.
    Custom,
    /// Sold in the marketplace.
    Marketplace,
}

/// An image.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct ImageFacts {
    /// Where it comes from.
    pub source: ImageSource,
    /// Operating system.
    pub os: Os,
    /// Version of the system, as far as a rule asks for it (`1903`).
    pub os_version: Option<String>,
    /// 32 or 64.
    pub bits: u32,
    /// Size in GiB: least system disk.
    pub size_gib: u32,
    /// `Available`, `Deleted`, `Disabled`, or anything else.
    pub status: String,
    /// Has cloud-init.
    pub cloud_init: bool,
    /// Has drivers for I/O optimized instances.
    pub io_optimized: bool,
    /// Types that it excludes.
    pub unsupported_types: Vec<String>,
    /// Made from an encrypted snapshot.
    pub encrypted_snapshot: bool,
    /// Can be used with CreateInstance.
    pub create_instance_allowed: bool,
    /// Has a password of its own.
    pub password_preset: bool,
    /// Product of the marketplace behind it.
    pub product_code: Option<String>,
    /// Account it belongs to (custom images).
    pub owner: Option<String>,
    /// Accounts it is shared with (custom images).
    pub shared_with: Vec<String>,
    /// Region it lies in (custom images).
    pub region: Option<String>,
    /// Regions it is published in (other images); none: everywhere.
    pub regions: Option<Vec<String>>,
}

impl Default for ImageFacts {
    fn default() -> ImageFacts {
        ImageFacts {
            source: ImageSource::System,
            os: Os::Linux,
            os_version: None,
            bits: 64,
            size_gib: 20,
            status: "Available".to_owned(),
            cloud_init: true,
            io_optimized: true,
            unsupported_types: Vec::new(),
            encrypted_snapshot: false,
            create_instance_allowed: true,
            password_preset: false,
            product_code: None,
            owner: None,
            shared_with: Vec::new(),
            region: None,
            regions: None,
        }
    }
}

/// A product of the marketplace.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct ProductFacts {
    /// `listed` or `removed`.
    pub status: String,
    /// Its current images.
    pub image_ids: Vec<String>,
    /// Charge types of instances that it is sold under.
    pub charge_types: Vec<String>,
}

impl Default for ProductFacts {
    fn default() -> ProductFacts {
        ProductFacts {
            status: "listed".to_owned(),
            image_ids: Vec::new(),
            charge_types: vec!["PostPaid".to_owned(), "PrePaid".to_owned()],
        }
    }
}

/// A snapshot.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct SnapshotFacts {
    /// Account it belongs to.
    pub owner: String,
    /// Region.
    pub region: String,
    /// Size in GiB of the disk it was taken of.
    pub size_gib: u32,
    /// `accomplished`, or anything else while it is being made.
    pub status: String,
    /// When it was made.
    #[serde(deserialize_with = "timestamp::required", serialize_with = "timestamp::write")]
    pub created: Utc,
    /// `data` or `system`.
    pub disk_type: String,
    /// Encrypted.
    pub encrypted: bool,
    /// Can be used for new disks.
    pub create_disk_allowed: bool,
    /// The disk it was taken of was portable.
    pub source_disk_portable: bool,
}

impl Default for SnapshotFacts {
    fn default() -> SnapshotFacts {
        SnapshotFacts {
            owner: String::new(),
            region: String::new(),
            size_gib: 40,
            status: "accomplished".to_owned(),
            created: Utc(1_546_300_800),
            disk_type: "data".to_owned(),
            encrypted: false,
            create_disk_allowed: true,
            source_disk_portable: true,
        }
    }
}

/// What the operator has frozen.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct MaintenanceFacts {
    /// Configurations with local disks.
    pub local_disk_config_frozen: bool,
    /// New instances with these disk categories.
    pub frozen_disk_categories: Vec<String>,
}

//! M1 to M6: the image, its terms, its state, its fit with the type, and what depends on its operating system.

use crate::api::{Param, forms};
use crate::model::Os;
use crate::validate::cx::Cx;
use crate::world::{Image, ImageSource, ImageStatus};

/// The image exists and this holds of it.
fn of_image(cx: &Cx<'_>, holds: impl Fn(&Image) -> bool) -> bool {
    cx.image.is_some_and(|(_, image)| holds(image))
}

fn windows(cx: &Cx<'_>) -> bool {
    of_image(cx, |image| image.os == Os::Windows)
}

/// R52.
pub(in crate::validate) fn unknown(cx: &Cx<'_>) -> bool {
    let account = cx.account_ix.0;
    cx.image.is_none_or(|(_, image)| {
        image.source == ImageSource::Custom
            && (image.region != cx.region_ix()
                || (image.owner != Some(account) && image.shared_with.binary_search(&account).is_err()))
    })
}

pub(in crate::validate) fn of_marketplace(cx: &Cx<'_>) -> bool {
    of_image(cx, |image| image.product.is_some() || image.source == ImageSource::Marketplace)
}

/// R59.
pub(in crate::validate) fn product_unknown(cx: &Cx<'_>) -> bool {
    cx.product.is_none() && of_image(cx, |image| image.source == ImageSource::Marketplace)
}

/// R59, R60.
pub(in crate::validate) fn removed(cx: &Cx<'_>) -> bool {
    match cx.product {
        Some(product) => product.removed,
        None => of_image(cx, |image| image.source == ImageSource::Custom && image.product.is_some()),
    }
}

/// R59.
pub(in crate::validate) fn version_unknown(cx: &Cx<'_>) -> bool {
    cx.product.zip(cx.image).is_some_and(|(product, (at, image))| {
        image.source == ImageSource::Marketplace && product.images.binary_search(&at).is_err()
    })
}

fn product(cx: &Cx<'_>) -> Option<u32> {
    cx.image.and_then(|(_, image)| image.product)
}

/// R59.
pub(in crate::validate) fn not_subscribed(cx: &Cx<'_>) -> bool {
    product(cx).is_some_and(|product| cx.account.subscription(product).is_none())
}

/// R59.
pub(in crate::validate) fn not_bought_or_quota(cx: &Cx<'_>) -> bool {
    product(cx)
        .and_then(|product| cx.account.subscription(product))
        .is_some_and(|one| !one.bought || one.quota.exceeded_by(1))
}

/// R59.
pub(in crate::validate) fn charge_type(cx: &Cx<'_>) -> bool {
    cx.product.is_some_and(|product| !product.charge_types.has(cx.charge))
}

/// R53.
pub(in crate::validate) fn not_published(cx: &Cx<'_>) -> bool {
    cx.region_ix().is_some_and(|region| {
        of_image(cx, |image| {
            image.source != ImageSource::Custom
                && image.regions.as_ref().is_some_and(|regions| !regions.has(region))
        })
    })
}

/// R54.
pub(in crate::validate) fn deleted(cx: &Cx<'_>) -> bool {
    of_image(cx, |image| image.status == ImageStatus::Deleted)
}

/// R54.
pub(in crate::validate) fn disabled(cx: &Cx<'_>) -> bool {
    of_image(cx, |image| image.status == ImageStatus::Disabled)
}

/// R54.
pub(in crate::validate) fn not_available(cx: &Cx<'_>) -> bool {
    of_image(cx, |image| image.status != ImageStatus::Available)
}

/// R61.
pub(in crate::validate) fn encrypted(cx: &Cx<'_>) -> bool {
    of_image(cx, |image| image.encrypted_snapshot)
}

pub(in crate::validate) fn not_for_create(cx: &Cx<'_>) -> Option<String> {
    let id = cx.text(Param::ImageId)?;
    of_image(cx, |image| !image.create_instance_allowed)
        .then(|| format!("The specified image {id} does not support creating instances."))
}

/// R55, R56.
pub(in crate::validate) fn memory(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| {
        of_image(cx, |image| {
            (image.os == Os::Windows && !image.windows_1903 && row.memory_mib == 512)
                || (image.bits == 32 && row.memory_mib >= 4096)
        })
    })
}

/// R57.
pub(in crate::validate) fn type_list(cx: &Cx<'_>) -> bool {
    cx.instance_type.is_some_and(|(at, _)| of_image(cx, |image| image.unsupported_types.has(at)))
}

/// R58.
pub(in crate::validate) fn io(cx: &Cx<'_>) -> bool {
    cx.optimized && of_image(cx, |image| !image.io_optimized)
}

pub(in crate::validate) const LOG_ON: &[Param] = &[Param::HostName, Param::Password, Param::PasswordInherit];

/// R33.
pub(in crate::validate) fn host_name(cx: &Cx<'_>) -> bool {
    windows(cx) && cx.text(Param::HostName).is_some_and(|name| !forms::windows_host_name(name))
}

/// R36.
pub(in crate::validate) fn password(cx: &Cx<'_>) -> bool {
    windows(cx) && cx.text(Param::Password).is_some_and(|password| password.starts_with('/'))
}

/// R38, G8.
pub(in crate::validate) fn password_inherit(cx: &Cx<'_>) -> Option<String> {
    let id = cx.text(Param::ImageId)?;
    (cx.req.flag(Param::PasswordInherit) && of_image(cx, |image| !image.password_preset))
        .then(|| format!("PasswordInherit does not match image {id}: the image has no password."))
}

pub(in crate::validate) const KEY_OR_DATA: &[Param] = &[Param::KeyPairName, Param::UserData];

/// R41, O8.
pub(in crate::validate) fn windows_key_pair(cx: &Cx<'_>) -> bool {
    windows(cx)
        && cx.req.has(Param::KeyPairName)
        && !cx.req.has(Param::Password)
        && !cx.req.flag(Param::PasswordInherit)
}

/// R39.
pub(in crate::validate) fn key_pair_unknown(cx: &Cx<'_>) -> bool {
    let known = || {
        let found = cx.text(Param::KeyPairName).and_then(|name| cx.world.key_pairs.entry(name));
        found.is_some_and(|(_, region)| Some(*region) == cx.region_ix())
    };
    cx.key_pair_used() && !known()
}

/// R40.
pub(in crate::validate) fn key_pair_io(cx: &Cx<'_>) -> bool {
    cx.key_pair_used() && !cx.optimized
}

/// R173.
pub(in crate::validate) fn cloud_init(cx: &Cx<'_>) -> bool {
    (cx.req.has(Param::UserData) || cx.key_pair_used()) && of_image(cx, |image| !image.cloud_init)
}

/// Whether any check of M3 fires: one call for the many requests of which none does.
pub(in crate::validate) fn unsound(cx: &Cx<'_>) -> bool {
    not_published(cx)
        || deleted(cx)
        || disabled(cx)
        || not_available(cx)
        || encrypted(cx)
        || not_for_create(cx).is_some()
}

/// Whether any check of M4 fires: one call for the many requests of which none does.
pub(in crate::validate) fn misfit(cx: &Cx<'_>) -> bool {
    memory(cx) || type_list(cx) || io(cx)
}

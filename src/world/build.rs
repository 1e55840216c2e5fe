//! From facts to tables.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::World;
use super::addresses::{AddressPool, Cidr, CidrError};
use super::bindings::Bindings;
use super::entities::*;
use super::facts::*;
use super::pools::Pools;
use super::sets::{CATEGORIES_MAX, CategoryIx, CategorySet, DOCUMENTED, IndexSet, Table};
use super::tokens::{Token, Tokens};
use crate::api::Request;
use crate::model::Money;

/// Why facts make no world.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorldError {
    /// A block of addresses that is none.
    #[error("{of}: {error}")]
    Cidr {
        /// The entity.
        of: String,
        /// What is wrong with its block.
        error: CidrError,
    },
    /// An address that is none.
    #[error("{of}: `{address}` is no IPv4 address")]
    Address {
        /// The entity.
        of: String,
        /// The text.
        address: String,
    },
    /// More disk categories than a set can hold.
    #[error("a world has at most {CATEGORIES_MAX} disk categories")]
    TooManyCategories,
    /// A client token of an account that does not exist.
    #[error("client token `{0}` belongs to no account of this world")]
    TokenOwner(String),
}

fn cidr(of: &str, text: &str) -> Result<Cidr, WorldError> {
    text.parse().map_err(|error| WorldError::Cidr { of: of.to_owned(), error })
}

fn address(of: &str, text: &str) -> Result<u32, WorldError> {
    crate::api::forms::ipv4(text)
        .ok_or_else(|| WorldError::Address { of: of.to_owned(), address: text.to_owned() })
}

fn millionths(amount: f64) -> i64 {
    Money::from_f64(amount).0
}

fn has(texts: &[String], text: &str) -> bool {
    texts.iter().any(|one| one == text)
}

/// The names that facts refer to, on the way to a world.
#[derive(Default)]
struct Names {
    categories: FxHashMap<String, CategoryIx>,
    families: Table<()>,
}

impl Names {
    fn category_set<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> CategorySet {
        let mut set = CategorySet::default();
        names.into_iter().filter_map(|name| self.categories.get(name)).for_each(|one| set.insert(*one));
        set
    }

    fn families(&mut self, names: &[String]) -> IndexSet {
        IndexSet::of(names.iter().map(|name| self.families.refer(name)))
    }
}

fn refer_all<T>(table: &mut Table<T>, names: &[String]) -> IndexSet {
    IndexSet::of(names.iter().map(|name| table.refer(name)))
}

impl World {
    /// Builds the tables.
    ///
    /// # Errors
    /// Blocks or addresses that are none, too many disk categories, a client token without account.
    pub fn new(facts: WorldFacts) -> Result<World, WorldError> {
        let mut names = Names::default();
        let (categories, kinds) = categories(&facts, &mut names)?;
        let mut world = World {
            accounts: Table::default(),
            regions: Table::default(),
            zones: Table::default(),
            clusters: Table::default(),
            node_controllers: super::node_controllers::NodeControllers::default(),
            types: Table::default(),
            families: Table::default(),
            categories,
            kinds,
            images: Table::default(),
            products: Table::default(),
            snapshots: Table::default(),
            vpcs: Table::default(),
            vswitches: Table::default(),
            groups: Table::default(),
            vlans: Table::default(),
            hosts: Table::default(),
            auto_hosts: FxHashMap::default(),
            sets: Table::default(),
            hpc_clusters: Table::default(),
            key_pairs: Table::default(),
            ram_roles: facts.ram_roles.iter().map(|name| name.as_str().into()).collect(),
            resource_groups: facts.resource_groups.iter().map(|name| name.as_str().into()).collect(),
            kms_keys: Table::default(),
            spot_market: FxHashMap::default(),
            spot_sold_out: rustc_hash::FxHashSet::default(),
            fault: facts.faults.internal.clone(),
            token_ttl_s: facts.token_ttl_s,
            bindings: Bindings::default(),
            next_instance: 0,
        };
        // Those that exist take the first positions, in the order of their names.
        for name in facts.accounts.keys() {
            world.accounts.refer(name);
        }
        for name in facts.regions.keys() {
            world.regions.refer(name);
        }
        for name in facts.zones.keys() {
            world.zones.refer(name);
        }
        for name in facts.instance_types.keys() {
            world.types.refer(name);
        }
        world.put_places(&facts, &mut names)?;
        world.put_types(&facts, &mut names);
        world.put_images(&facts);
        world.put_networks(&facts)?;
        world.put_hosts(&facts, &mut names);
        world.put_accounts(&facts, &names)?;
        for (zone, prices) in &facts.spot_market {
            let zone = world.zones.refer(zone);
            for (name, price) in prices {
                let key = (zone, world.types.refer(name));
                world.spot_market.insert(key, millionths(*price));
            }
        }
        world.families = names.families;
        Ok(world)
    }

    fn put_places(&mut self, facts: &WorldFacts, names: &mut Names) -> Result<(), WorldError> {
        let gone = facts.disk_categories.iter().filter(|(_, fact)| fact.withdrawn);
        let withdrawn = names.category_set(&gone.map(|(name, _)| name.clone()).collect::<Vec<String>>());
        for (name, fact) in &facts.regions {
            let of = format!("classic network of region {name}");
            let mut classic = AddressPool::new(cidr(&of, &fact.classic_network.cidr)?, false);
            for text in &fact.classic_network.used_ips {
                classic.occupy(address(&of, text)?, true);
            }
            let (all, own) = (&facts.maintenance, &fact.maintenance);
            let frozen = names
                .category_set(&all.frozen_disk_categories)
                .and(names.category_set(&own.frozen_disk_categories));
            let row = Region {
                ecs_supported: fact.ecs_supported,
                real_name_required: fact.real_name_required,
                sales_suspended: fact.sales_suspended,
                unsupported_families: names.families(&fact.unsupported_families),
                vpc_supported: fact.vpc_supported,
                classic_supported: fact.classic_supported,
                default_vpc_mode: fact.default_vpc_mode,
                default_vpc: fact.default_vpc_id.as_ref().map(|vpc| self.vpcs.refer(vpc)),
                default_vswitches: Vec::new(),
                vpc_public_bandwidth: fact.vpc_public_bandwidth,
                pay_by_traffic: has(&fact.internet_charge_types, "PayByTraffic"),
                pay_by_bandwidth: has(&fact.internet_charge_types, "PayByBandwidth"),
                system_categories: names.category_set(&fact.system_disk_categories),
                data_categories: names.category_set(&fact.data_disk_categories),
                credit_standard: has(&fact.credit_specifications, "Standard"),
                credit_unlimited: has(&fact.credit_specifications, "Unlimited"),
                byok_supported: fact.byok_supported,
                withdrawn_categories: names.category_set(&fact.withdrawn_disk_categories).and(withdrawn),
                frozen_categories: frozen,
                local_disks_frozen: all.local_disk_config_frozen || own.local_disk_config_frozen,
                classic,
                zones: Vec::new(),
            };
            self.regions.put(name, row);
        }
        for (name, fact) in &facts.zones {
            let pools = Pools::new(fact.disk_pool_free_gib.iter().map(|(name, free)| (name.as_str(), *free)));
            let region = self.regions.refer(&fact.region);
            let row = Zone {
                region,
                status: fact.status,
                create_allowed: fact.create_allowed,
                gated: fact.gated,
                vpc_supported: fact.vpc_supported,
                vpc_create_available: fact.vpc_create_available,
                default_vswitch_supported: fact.default_vswitch_supported,
                unsupported_types: refer_all(&mut self.types, &fact.unsupported_types),
                unsupported_categories: names.category_set(&fact.unsupported_disk_categories),
                pools,
            };
            let at = self.zones.put(name, row);
            if let Some(region) = self.regions.get_mut(region) {
                region.zones.push(at);
            }
        }
        for (name, fact) in &facts.clusters {
            let row = Cluster {
                region: self.regions.refer(&fact.region),
                zone: self.zones.refer(&fact.zone),
                owner: fact.owner.as_ref().map(|owner| self.accounts.refer(owner)),
                unsupported_categories: names.category_set(&fact.unsupported_disk_categories),
            };
            self.clusters.put(name, row);
        }
        for (name, fact) in &facts.node_controllers {
            let row = NodeController {
                cluster: self.clusters.refer(&fact.cluster),
                available: fact.status == "available",
            };
            self.node_controllers.put(name, row);
        }
        Ok(())
    }

    fn put_types(&mut self, facts: &WorldFacts, names: &mut Names) {
        for (name, fact) in &facts.instance_types {
            let category = |name: &String| names.categories.get(name).copied();
            let forbidden: SmallVec<_> = fact
                .forbidden_disk_combinations
                .iter()
                .filter_map(|(system, data)| Some((category(system)?, category(data)?)))
                .collect();
            let totals: SmallVec<_> = fact
                .category_total_limit_gib
                .iter()
                .filter_map(|(name, limit)| Some((category(name)?, *limit)))
                .collect();
            let row = TypeRow {
                family: names.families.refer(&fact.family),
                cpu_milli: fact.cpu_milli.unwrap_or(fact.vcpus.saturating_mul(1000)),
                memory_mib: fact.memory_mib,
                retired: fact.retired,
                offline: fact.offline,
                restricted: fact.restricted,
                host_restricted: fact.host_restricted,
                io_none: has(&fact.io_modes, "none"),
                io_optimized: has(&fact.io_modes, "optimized"),
                classic: has(&fact.networks, "classic"),
                burstable: fact.burstable,
                user_data: fact.user_data,
                requires_hpc: fact.requires_hpc,
                local_disks: fact.local_disks,
                max_data_disks: fact.max_data_disks,
                max_bandwidth_out: fact.max_bandwidth_out,
                unsupported_categories: names.category_set(&fact.unsupported_disk_categories),
                forbidden,
                totals,
                price_month: millionths(fact.price_month),
            };
            self.types.put(name, row);
        }
    }

    fn put_images(&mut self, facts: &WorldFacts) {
        for (name, fact) in &facts.marketplace {
            let mut images: Vec<u32> = fact.image_ids.iter().map(|id| self.images.refer(id)).collect();
            images.sort_unstable();
            let row = Product {
                removed: fact.status == "removed",
                images,
                charge_types: ChargeTypes::of(&fact.charge_types),
            };
            self.products.put(name, row);
        }
        for (name, fact) in &facts.images {
            let mut shared_with: Vec<u32> =
                fact.shared_with.iter().map(|uid| self.accounts.refer(uid)).collect();
            shared_with.sort_unstable();
            let row = Image {
                source: fact.source,
                os: fact.os,
                windows_1903: fact.os_version.as_deref() == Some("1903"),
                bits: fact.bits,
                size_gib: fact.size_gib,
                status: match fact.status.as_str() {
                    "Available" => ImageStatus::Available,
                    "Deleted" => ImageStatus::Deleted,
                    "Disabled" => ImageStatus::Disabled,
                    _ => ImageStatus::Other,
                },
                cloud_init: fact.cloud_init,
                io_optimized: fact.io_optimized,
                unsupported_types: refer_all(&mut self.types, &fact.unsupported_types),
                encrypted_snapshot: fact.encrypted_snapshot,
                create_instance_allowed: fact.create_instance_allowed,
                password_preset: fact.password_preset,
                product: fact.product_code.as_ref().map(|code| self.products.refer(code)),
                owner: fact.owner.as_ref().map(|uid| self.accounts.refer(uid)),
                shared_with,
                region: fact.region.as_ref().map(|region| self.regions.refer(region)),
                regions: fact.regions.as_ref().map(|regions| refer_all(&mut self.regions, regions)),
            };
            self.images.put(name, row);
        }
        for (name, fact) in &facts.snapshots {
            let row = Snapshot {
                owner: self.accounts.refer(&fact.owner),
                region: self.regions.refer(&fact.region),
                size_gib: fact.size_gib,
                accomplished: fact.status == "accomplished",
                created: fact.created,
                system_disk: fact.disk_type == "system",
                encrypted: fact.encrypted,
                create_disk_allowed: fact.create_disk_allowed,
                source_disk_portable: fact.source_disk_portable,
            };
            self.snapshots.put(name, row);
        }
    }

    fn put_networks(&mut self, facts: &WorldFacts) -> Result<(), WorldError> {
        for (name, fact) in &facts.vpcs {
            let row = Vpc {
                owner: self.accounts.refer(&fact.owner),
                available: fact.status == "Available",
                cidr: cidr(&format!("VPC {name}"), &fact.cidr)?,
                io_optimized: fact.io_optimized,
                instances: fact.instances,
                vswitches: Vec::new(),
            };
            self.vpcs.put(name, row);
        }
        for (name, fact) in &facts.vswitches {
            let of = format!("vSwitch {name}");
            let mut pool = AddressPool::new(cidr(&of, &fact.cidr)?, true);
            for (text, kind) in &fact.used_ips {
                pool.occupy(address(&of, text)?, kind == "instance");
            }
            if let Some(free) = fact.free_ips {
                pool.set_free(free);
            }
            let row = VSwitch {
                vpc: self.vpcs.refer(&fact.vpc),
                region: self.regions.refer(&fact.region),
                zone: self.zones.refer(&fact.zone),
                available: fact.status == "Available",
                is_default: fact.is_default,
                pool,
                reserved_in_flight: fact.reserved_in_flight,
            };
            let (vpc, region, is_default) = (row.vpc, row.region, row.is_default);
            let at = self.vswitches.put(name, row);
            if let Some(vpc) = self.vpcs.get_mut(vpc) {
                vpc.vswitches.push(at);
            }
            if let Some(region) = self.regions.get_mut(region)
                && is_default
                && region.default_vpc == Some(vpc)
            {
                region.default_vswitches.push(at);
            }
        }
        for (name, fact) in &facts.security_groups {
            let row = SecurityGroup {
                region: self.regions.refer(&fact.region),
                vpc: fact.vpc.as_ref().map(|vpc| self.vpcs.refer(vpc)),
                owner: self.accounts.refer(&fact.owner),
                instances: Quota { used: fact.instances, limit: fact.limit },
            };
            self.groups.put(name, row);
        }
        for (name, fact) in &facts.vlans {
            let row = Vlan { region: self.regions.refer(&fact.region), free_ips: fact.free_ips };
            self.vlans.put(name, row);
        }
        for (name, fact) in &facts.key_pairs {
            let region = self.regions.refer(&fact.region);
            self.key_pairs.put(name, region);
        }
        for (name, fact) in &facts.kms_keys {
            let region = self.regions.refer(&fact.region);
            self.kms_keys.put(name, region);
        }
        Ok(())
    }

    fn put_hosts(&mut self, facts: &WorldFacts, names: &mut Names) {
        for (name, fact) in &facts.dedicated_hosts {
            let row = DedicatedHost {
                owner: self.accounts.refer(&fact.owner),
                region: self.regions.refer(&fact.region),
                zone: self.zones.refer(&fact.zone),
                status: HostStatus::named(&fact.status),
                charge_type: if fact.charge_type == "PrePaid" {
                    ChargeType::PrePaid
                } else {
                    ChargeType::PostPaid
                },
                expires: fact.expires,
                families: names.families(&fact.supported_families),
                charge_types: ChargeTypes::of(&fact.supported_charge_types),
                auto_placement: fact.auto_placement,
                instance_transition: fact.instance_transition,
                free_vcpus: fact.free_vcpus,
                host: None,
            };
            let (key, auto) = ((row.owner, row.zone), row.auto_placement);
            let at = self.hosts.put(name, row);
            if auto {
                self.auto_hosts.entry(key).or_default().push(at);
            }
        }
        for (name, fact) in &facts.deployment_sets {
            let row = DeploymentSet {
                region: self.regions.refer(&fact.region),
                dedicated_host_supported: fact.dedicated_host_supported,
                unsupported_families: names.families(&fact.unsupported_families),
                instances: fact.instances,
                keep_stopped: fact.on_unable_to_redeploy == "KeepStopped",
            };
            self.sets.put(name, row);
        }
        for (name, fact) in &facts.hpc_clusters {
            let row =
                HpcCluster { region: self.regions.refer(&fact.region), creating: fact.status == "creating" };
            self.hpc_clusters.put(name, row);
        }
    }

    fn put_accounts(&mut self, facts: &WorldFacts, names: &Names) -> Result<(), WorldError> {
        for (name, fact) in &facts.accounts {
            let row = self.account(fact, names);
            self.accounts.put(name, row);
        }
        for (token, fact) in &facts.idempotency {
            let owner = fact.account.as_deref().or(facts.accounts.keys().next().map(String::as_str));
            let account = owner.and_then(|uid| self.accounts.find(uid));
            let Some(account) = account.and_then(|at| self.accounts.get_mut(at)) else {
                return Err(WorldError::TokenOwner(token.clone()));
            };
            let request = Request::from_params(
                fact.request.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            );
            let known = Token {
                state: fact.state,
                fingerprint: request.fingerprint(),
                instance_id: fact.instance_id.as_deref().unwrap_or_default().into(),
                since: facts.now,
            };
            account.tokens.put(token, known, facts.token_ttl_s);
        }
        Ok(())
    }

    fn account(&mut self, fact: &AccountFacts, names: &Names) -> Account {
        let by_region = fact.postpaid_instances_by_region.iter();
        let subscriptions = fact.subscriptions.iter();
        Account {
            login_name: fact.login_name.as_str().into(),
            caller: fact.caller,
            caller_denied: fact.caller_denied,
            ram_can_pass_role: fact.ram_can_pass_role,
            risk_verification_required: fact.risk_verification_required,
            real_name_verified: fact.real_name_verified,
            payment_policy_legal: fact.payment_policy_legal,
            has_payment_method: !fact.payment_methods.is_empty(),
            arrears: fact.arrears,
            balance: millionths(fact.balance),
            credit_line: millionths(fact.credit_line),
            frozen: millionths(fact.frozen),
            coupons: millionths(fact.coupons),
            min_postpaid_balance: millionths(fact.min_postpaid_balance),
            regions_denied: refer_all(&mut self.regions, &fact.regions_denied),
            zones_granted: refer_all(&mut self.zones, &fact.zones_granted),
            types_granted: refer_all(&mut self.types, &fact.types_granted),
            host_types_granted: refer_all(&mut self.types, &fact.host_types_granted),
            categories_denied: names.category_set(&fact.disk_categories_denied),
            user_data_allowed: fact.user_data_allowed,
            kms_enabled: fact.kms_enabled,
            ecs_kms_authorized: fact.ecs_kms_authorized,
            byok_whitelisted: fact.byok_whitelisted,
            spot_enabled: fact.spot_enabled,
            spot_with_price_limit: has(&fact.spot_strategies, "SpotWithPriceLimit"),
            spot_as_price_go: has(&fact.spot_strategies, "SpotAsPriceGo"),
            spot_max_duration: fact.spot_max_duration,
            max_bandwidth_out: fact.max_bandwidth_out,
            create_lock: fact.create_lock,
            fault: fact.internal_fault.clone().map(Box::new),
            postpaid_instances: fact.postpaid_instances,
            postpaid_by_region: by_region.map(|(name, quota)| (self.regions.refer(name), *quota)).collect(),
            postpaid_disks: fact.postpaid_disks,
            portable_disks: fact.portable_disks,
            subscriptions: subscriptions
                .map(|(name, fact)| {
                    (self.products.refer(name), Subscription { bought: fact.bought, quota: fact.quota })
                })
                .collect(),
            tokens: Tokens::default(),
        }
    }
}

/// Rows of the disk categories, and what is true of sets of them.
type Categories = (Vec<(Box<str>, Category)>, CategoryKinds);

/// The platform's disk categories: the documented five first, others in the order of their names.
fn categories(facts: &WorldFacts, names: &mut Names) -> Result<Categories, WorldError> {
    let listed = DOCUMENTED.into_iter().map(|name| {
        let fact = facts.disk_categories.get(name).cloned();
        (name, fact.unwrap_or_else(|| DiskCategoryFacts::documented(name)))
    });
    let others = facts.disk_categories.iter().filter(|(name, _)| !DOCUMENTED.contains(&name.as_str()));
    let all = listed.chain(others.map(|(name, fact)| (name.as_str(), fact.clone())));
    let (mut rows, mut kinds) = (Vec::new(), CategoryKinds::default());
    for (name, fact) in all {
        let at = u8::try_from(rows.len()).ok().filter(|at| usize::from(*at) < CATEGORIES_MAX);
        let at = CategoryIx(at.ok_or(WorldError::TooManyCategories)?);
        let mut kind = |set: fn(&mut CategoryKinds) -> &mut CategorySet, yes: bool| {
            if yes {
                set(&mut kinds).insert(at);
            }
        };
        kind(|kinds| &mut kinds.portable, fact.portable);
        kind(|kinds| &mut kinds.local, fact.local);
        kind(|kinds| &mut kinds.encryptable, fact.encryptable);
        names.categories.insert(name.to_owned(), at);
        let row = Category {
            data_min_gib: fact.data_min_gib,
            data_max_gib: fact.data_max_gib,
            system_max_gib: fact.system_max_gib,
        };
        rows.push((name.into(), row));
    }
    Ok((rows, kinds))
}

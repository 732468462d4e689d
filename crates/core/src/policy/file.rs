//! Takes nothing; gives the shape of a policy file, as it is written. The comments of the fields are the reference: people read them
//! in the schema and in docs/policy.md. Never checks what a value means.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::decode::Spanned;
use super::{Interfaces, OptOut};
use crate::inventory::Platform;

/// What is mirrored, where to, and how much of it: one file, a ConfigMap in Kubernetes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "vpc-mirror policy", rename = "Policy")]
pub(super) struct File {
    /// Always `vpc-mirror/v1`.
    #[schemars(with = "String")]
    pub(super) api_version: Spanned<String>,
    /// Always `Policy`.
    #[schemars(with = "String")]
    pub(super) kind: Spanned<String>,
    /// Marks everything that is created: two owners never touch each other's objects. 1 to 63 letters, digits, `-`, `_` or `.`.
    #[schemars(with = "String")]
    pub(super) owner: Spanned<String>,
    /// The key of the tag that chooses strategies: `mirror=crown-jewel`, several with `+`, `mirror=off` opts out. Default: `mirror`.
    #[schemars(with = "Option<String>")]
    pub(super) tag_key: Option<Spanned<String>>,
    /// Where anything is wanted. What leaves the scope is removed.
    pub(super) scope: Option<ScopeEntry>,
    /// Where mirrored packets go, by name.
    #[schemars(with = "BTreeMap<String, SensorEntry>")]
    pub(super) sensors: Spanned<BTreeMap<String, Spanned<SensorEntry>>>,
    /// What is mirrored and why, in order of importance: the first wins when slots, quota or money run out.
    #[schemars(with = "Vec<StrategyEntry>")]
    pub(super) strategies: Spanned<Vec<StrategyEntry>>,
    /// Cheap traffic that covers the black spots of whatever is chosen above. The least important: it is left out first.
    pub(super) extras: Option<ExtrasEntry>,
    /// What you know better than the list of instance types that AWS mirrors, which grows: families (`m8i`) or types (`m8i.large`).
    pub(super) instance_types: Option<InstanceTypesEntry>,
    /// How much may stand, change and be called, per account and Region.
    pub(super) limits: Option<LimitsEntry>,
    /// How long evidence must have held before something is removed for it: `1s` to `5m`. Default: `30s`.
    #[schemars(with = "Option<String>")]
    pub(super) settle: Option<Spanned<String>>,
    /// Losses that may happen although they are more than `limits.maxLosses` allows, in one way or the other: `vpc-mirror plan`, the log and
    /// `vpc-mirror approve` show what is held, and its digest. Default: none.
    #[serde(default)]
    pub(super) approve: Vec<ApprovalEntry>,
    /// Observe, plan and report, but apply nothing. Default: `false`.
    #[serde(default)]
    pub(super) paused: bool,
}

/// A person's word for losses that are held: for just these, and for a day at most.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Approval")]
pub(super) struct ApprovalEntry {
    /// The digest of the held losses, as it was shown: 32 hexadecimal digits.
    #[schemars(with = "String")]
    pub(super) losses: Spanned<String>,
    /// Until when they may happen: `2026-12-01T12:00:00Z`. Counts for 24 hours at most, from when it is first seen.
    #[schemars(with = "String")]
    pub(super) until: Spanned<String>,
}

/// Where anything is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Scope")]
pub(super) struct ScopeEntry {
    /// The accounts and Regions, each once. One that is dropped while the daemon runs is looked after until nothing of this owner's is left
    /// there; a restart forgets it. Default: the account and Region at hand.
    #[schemars(with = "Option<Vec<AccountEntry>>")]
    pub(super) accounts: Option<Spanned<Vec<Spanned<AccountEntry>>>>,
    /// The ids of VPCs. Default: every VPC.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) vpcs: Vec<Spanned<String>>,
}

/// An account in a Region.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Account")]
pub(super) struct AccountEntry {
    /// The Region: `eu-west-1`.
    #[schemars(with = "String")]
    pub(super) region: Spanned<String>,
    /// The ARN of the role to act as there, which names the account: `arn:aws:iam::111122223333:role/vpc-mirror`. Default: the account of the
    /// credentials at hand.
    #[schemars(with = "Option<String>")]
    pub(super) role_arn: Option<Spanned<String>>,
    /// What the role's trust policy wants to hear (`sts:ExternalId`): 2 to 1224 letters, digits and `_+=,.@:/-`. Default: nothing.
    #[schemars(with = "Option<String>")]
    pub(super) external_id: Option<Spanned<String>>,
}

/// Something that takes mirrored packets.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Sensor")]
pub(super) struct SensorEntry {
    /// The ways to it. A session takes one in its own Availability Zone before others, then the least used.
    #[schemars(with = "Vec<TargetEntry>")]
    pub(super) targets: Spanned<Vec<Spanned<TargetEntry>>>,
    /// The VXLAN network identifier of its packets, 1 to 16777215. Default: one per VPC, always the same.
    #[schemars(with = "Option<u32>")]
    pub(super) vni: Option<Spanned<u32>>,
}

/// A way to a sensor: exactly one of `existing`, `networkInterface`, `networkLoadBalancer`, `gatewayLoadBalancerEndpoint` and `tags`. A
/// mirror target for a resource is created if there is none, and removed when nothing uses it any more.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Target")]
pub(super) struct TargetEntry {
    /// The id of a mirror target that someone made, shared through RAM perhaps: `tmt-…`.
    #[schemars(with = "Option<String>")]
    pub(super) existing: Option<Spanned<String>>,
    /// The id of the sensor's network interface: `eni-…`.
    #[schemars(with = "Option<String>")]
    pub(super) network_interface: Option<Spanned<String>>,
    /// The ARN of a Network Load Balancer with a UDP listener on port 4789. What is registered behind it is never mirrored, if the load
    /// balancer is of this account and Region.
    #[schemars(with = "Option<String>")]
    pub(super) network_load_balancer: Option<Spanned<String>>,
    /// The id of a Gateway Load Balancer endpoint: `vpce-…`. AWS does not say which Gateway Load Balancer is behind it, so that while it is
    /// named here, nothing behind any of this account and Region is mirrored. One of another account is not seen: see that no tag and no
    /// selector chooses what is behind that.
    #[schemars(with = "Option<String>")]
    pub(super) gateway_load_balancer_endpoint: Option<Spanned<String>>,
    /// Every mirror target that carries all of these tags.
    pub(super) tags: Option<BTreeMap<String, String>>,
    /// The Availability Zones that it serves before others. Default: where its network interface is, else all alike.
    #[serde(default)]
    pub(super) zones: Vec<String>,
}

/// Who is mirrored, what of it, and where to.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Strategy")]
pub(super) struct StrategyEntry {
    /// Its name, which is what a tag says: `mirror=<name>`.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// The sensor that takes its packets. Default: the only one there is.
    #[schemars(with = "Option<String>")]
    pub(super) sensor: Option<Spanned<String>>,
    /// Crown jewels: everything that they send and receive. A strategy has exactly one of `importance`, `risk`, `junction`, `accessPath` and
    /// `sample`.
    pub(super) importance: Option<ImportanceEntry>,
    /// The paths of sensitive data: of each, the end that costs fewer sessions.
    pub(super) risk: Option<RiskEntry>,
    /// Where everything passes: who is registered with load balancers, proxies, NAT instances.
    pub(super) junction: Option<JunctionEntry>,
    /// What each server is for: the ports that it is expected to serve.
    pub(super) access_path: Option<AccessPathEntry>,
    /// A few of every kind, which nobody can foretell.
    pub(super) sample: Option<SampleEntry>,
    /// Only these, at whichever end: `tcp/443`, `udp/137-138`, `tcp`. Not for `accessPath` (`expect`) and the paths of `risk`, which have
    /// ports of their own; for those that a tag puts among `risk`, these. Default: everything.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) ports: Option<Vec<Spanned<String>>>,
    /// What this strategy does not capture: ports (`tcp/2049`, `udp/137-138`), networks (`10.9.0.0/16`), or ports with a network
    /// (`{ports: tcp/5432, network: 10.9.0.0/16}`). Must fit AWS's ten rules of a filter, of which two are taken: a network or a protocol takes two, ports take four.
    #[serde(default)]
    #[schemars(with = "Vec<ExceptEntry>")]
    pub(super) except: Vec<Spanned<ExceptEntry>>,
    /// How many bytes of each packet are captured, 55 to 8500: for headers only, say `128`. Default: all.
    #[schemars(with = "Option<u32>")]
    pub(super) packet_length: Option<Spanned<u32>>,
    /// `all` network interfaces of an instance, or the `primary` one. Default: `all`.
    #[serde(default)]
    pub(super) interfaces: Interfaces,
    /// Whether `mirror=off` keeps what the selector matches from being mirrored: `allowed` or `forbidden`. Default: `allowed`, and for
    /// `importance` `forbidden`: whoever may tag must not be able to blind the sensor quietly.
    pub(super) opt_out: Option<OptOut>,
    /// `foreign`: our session may come before other people's on the same interface, and so take packets from theirs. Default: after them.
    #[schemars(with = "Option<String>")]
    pub(super) before: Option<Spanned<String>>,
}

/// What a strategy does not capture.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[schemars(rename = "Except")]
pub(super) enum ExceptEntry {
    /// Ports, or a network.
    Text(String),
    /// Ports with a network.
    Both {
        /// `tcp/5432`, `udp/137-138`, `tcp`.
        ports: String,
        /// The peer's network: `10.9.0.0/16`.
        network: String,
    },
}

/// Who is a crown jewel, beside those whose tag says so.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Importance")]
pub(super) struct ImportanceEntry {
    /// Whom it chooses without a tag. Default: nobody.
    pub(super) select: Option<SelectorEntry>,
    /// The hosts that lead to the jewels. Who gets in there, is in. Default: none.
    pub(super) jump_boxes: Option<SelectorEntry>,
}

/// Which paths sensitive data takes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Risk")]
pub(super) struct RiskEntry {
    /// The paths. Each is resolved within one account and Region.
    #[schemars(with = "Vec<PathEntry>")]
    pub(super) paths: Spanned<Vec<Spanned<PathEntry>>>,
}

/// A path of sensitive data: everybody at its one end speaks to everybody at the other. One of two is mirrored.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DataPath")]
pub(super) struct PathEntry {
    /// Who asks for it.
    pub(super) from: SelectorEntry,
    /// Who has it.
    pub(super) to: SelectorEntry,
    /// Where `to` serves it: `tcp/8443`, `udp/500-510`, `tcp`.
    #[schemars(with = "Vec<String>")]
    pub(super) ports: Spanned<Vec<Spanned<String>>>,
}

/// Where everything passes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Junction")]
pub(super) struct JunctionEntry {
    /// Load balancers, whose registered targets are mirrored: a load balancer itself cannot be. Default: none.
    #[serde(default)]
    #[schemars(with = "Vec<BalancerEntry>")]
    pub(super) load_balancers: Vec<Spanned<BalancerEntry>>,
    /// Web ACLs of AWS WAF: they stand for the Application Load Balancers that they protect. Default: none.
    #[serde(default)]
    #[schemars(with = "Vec<WebAclEntry>")]
    pub(super) web_acls: Vec<Spanned<WebAclEntry>>,
    /// Proxies, NAT instances and the like. Default: nobody.
    pub(super) select: Option<SelectorEntry>,
}

/// Load balancers: exactly one of `name`, `arn` and `tags`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "LoadBalancer")]
pub(super) struct BalancerEntry {
    /// The name of one, of any type, a classic one too.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Spanned<String>>,
    /// The ARN of one that is not a classic one.
    #[schemars(with = "Option<String>")]
    pub(super) arn: Option<Spanned<String>>,
    /// Those that carry all of these tags: a value, or a list of values; `*` stands for any text.
    #[schemars(with = "Option<BTreeMap<String, OneOrMore>>")]
    pub(super) tags: Option<BTreeMap<String, Spanned<OneOrMore>>>,
}

/// A web ACL: exactly one of `name` and `arn`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "WebAcl")]
pub(super) struct WebAclEntry {
    /// Its name.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Spanned<String>>,
    /// Its ARN.
    #[schemars(with = "Option<String>")]
    pub(super) arn: Option<Spanned<String>>,
}

/// Who serves what.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AccessPath")]
pub(super) struct AccessPathEntry {
    /// Whom it chooses without a tag. Default: nobody.
    pub(super) select: Option<SelectorEntry>,
    /// `securityGroups`: the ports that the inbound rules of its security groups open. Or a list: `[tcp/443, tcp/80]`.
    #[schemars(with = "ExpectEntry")]
    pub(super) expect: Spanned<ExpectEntry>,
}

/// What is expected of a server.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Expect")]
pub(super) enum ExpectEntry {
    /// `securityGroups`.
    Text(String),
    /// Ports.
    Ports(#[schemars(with = "Vec<String>")] Vec<String>),
}

/// Of whom a few, and how many.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Sample")]
pub(super) struct SampleEntry {
    /// Of whom. Default: everybody.
    pub(super) select: Option<SelectorEntry>,
    /// What makes a kind: `account`, `region`, `zone`, `subnet`, `vpc`, `autoScalingGroup`, `instanceType`, `platform`, or `tag:role` for the
    /// value of a tag. Default: nothing, all are of one kind.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) by: Vec<Spanned<String>>,
    /// Which part of each kind, above 0 and at most 1: `0.05`.
    #[schemars(with = "f64")]
    pub(super) fraction: Spanned<f64>,
    /// How many of each kind at least, if there are as many. Default: 1.
    #[schemars(with = "Option<u32>")]
    pub(super) at_least: Option<Spanned<u32>>,
    /// How long until each has been drawn anew, a few at a time: `24h`, at least `1h`. Default: never.
    #[schemars(with = "Option<String>")]
    pub(super) rotate: Option<Spanned<String>>,
}

/// Cheap traffic that covers black spots.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Extras")]
pub(super) struct ExtrasEntry {
    /// All name resolution. A session costs money for each hour, even for few bytes: `vpc-mirror report` says what this one costs.
    #[schemars(with = "Option<DnsEntry>")]
    pub(super) dns: Option<Spanned<DnsEntry>>,
    /// Traffic that should never happen.
    #[serde(default)]
    #[schemars(with = "Vec<TripwireEntry>")]
    pub(super) tripwires: Vec<Spanned<TripwireEntry>>,
}

/// Whose name resolution.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Dns")]
pub(super) struct DnsEntry {
    /// Whose. Default: everybody's.
    pub(super) select: Option<SelectorEntry>,
    /// Whether DNS over TLS is, too: port 853. Default: `false`.
    #[serde(default)]
    pub(super) over_tls: bool,
    /// The sensor that takes its packets. Default: the only one there is.
    #[schemars(with = "Option<String>")]
    pub(super) sensor: Option<Spanned<String>>,
}

/// Ports that should never be used: inbound, and outbound attempts of those selected.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Tripwire")]
pub(super) struct TripwireEntry {
    /// Its name.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// Where.
    pub(super) select: SelectorEntry,
    /// The ports: `tcp/3389`, `udp/137-138`.
    #[schemars(with = "Vec<String>")]
    pub(super) ports: Spanned<Vec<Spanned<String>>>,
    /// The sensor that takes its packets. Default: the only one there is.
    #[schemars(with = "Option<String>")]
    pub(super) sensor: Option<Spanned<String>>,
}

/// Matches interfaces. Everything in it must hold; `{}` matches every interface.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Selector")]
pub(super) struct SelectorEntry {
    /// Tags of the interface or its instance, the interface's own first: a value, or a list of values; `*` stands for any text.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, OneOrMore>")]
    pub(super) tags: BTreeMap<String, Spanned<OneOrMore>>,
    /// Ids of VPCs.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) vpcs: Vec<Spanned<String>>,
    /// Ids of subnets.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) subnets: Vec<Spanned<String>>,
    /// Availability Zones.
    #[serde(default)]
    pub(super) zones: Vec<String>,
    /// `linux` (whatever is not Windows) or `windows`.
    pub(super) platform: Option<Platform>,
    /// Instance types; `*` stands for any text: `m5.*`.
    #[serde(default)]
    pub(super) instance_types: Vec<String>,
    /// Ids of security groups: one of them is the interface's.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) security_groups: Vec<Spanned<String>>,
    /// Names of auto scaling groups; `*` stands for any text.
    #[serde(default)]
    pub(super) auto_scaling_groups: Vec<String>,
    /// All of these match.
    #[serde(default)]
    pub(super) all: Vec<SelectorEntry>,
    /// One of these matches.
    #[serde(default)]
    pub(super) any: Vec<SelectorEntry>,
    /// This one does not match.
    pub(super) not: Option<Box<SelectorEntry>>,
}

/// A value, or a list of values.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Values")]
pub(super) enum OneOrMore {
    /// One.
    One(String),
    /// Any of these.
    More(Vec<String>),
}

/// What you know better of instance types.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "InstanceTypes")]
pub(super) struct InstanceTypesEntry {
    /// AWS mirrors them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) supported: Vec<Spanned<String>>,
    /// AWS does not.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) unsupported: Vec<Spanned<String>>,
}

/// How much may stand, change and be called, per account and Region.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Limits")]
pub(super) struct LimitsEntry {
    /// How many sessions may be ours: 0 to 10000. The least important go without. Default: as many as AWS allows.
    #[schemars(with = "Option<u32>")]
    pub(super) max_sessions: Option<Spanned<u32>>,
    /// What our sessions may cost in a month of 730 hours, in US dollars at list price. The least important go without. Default: any sum.
    #[schemars(with = "Option<f64>")]
    pub(super) max_monthly_usd: Option<Spanned<f64>>,
    /// The part of our sessions that may be lost, or pointed elsewhere, in an hour, and five in any case: `0%` to `100%`. Default: `10%`.
    /// What is more than that waits, and is shown; right after the start there are five.
    #[schemars(with = "Option<String>")]
    pub(super) max_losses: Option<Spanned<String>>,
    /// How many interfaces may become sources in an hour, spread over its minutes; one that was mirrored before comes back at once.
    /// Default: any number.
    #[schemars(with = "Option<u32>")]
    pub(super) new_sources_per_hour: Option<Spanned<u32>>,
    /// The part of AWS's request rate that is used: more than `0%`, at most `100%`. Default: `50%`.
    #[schemars(with = "Option<String>")]
    pub(super) api_share: Option<Spanned<String>>,
    /// Whether a filter whose ten rules cannot hold what is asked may mirror packets of busy services beside it: HTTP, HTTPS, NFS, MySQL,
    /// PostgreSQL. What does not fit otherwise is left out, and shown. Default: `false`.
    #[serde(default)]
    pub(super) widen_over_busy_ports: bool,
}

//! Takes nothing; gives what AWS does not say, as switches: one for each thing that no source states. Never says which setting is true:
//! whoever relies on none of them works in all, and can be tried in all ([`Unknowns::each_otherwise`]).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use jiff::SignedDuration;

use crate::error::ApiError;

/// How the world behaves where no source says how AWS does. The default is the harsher way, unless a field says why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknowns {
    /// Whether the directions of a filter share its quota of rules. The guide says "rules per filter".
    pub rules_quota: RulesQuota,
    /// Whether a call that names something absent is first asked for its permissions: then what is absent has no tags, and whoever is
    /// granted only what has his tag gets `UnauthorizedOperation`, never NotFound. No source states the order.
    pub absent_is_denied: bool,
    /// VXLAN network identifiers that are accepted. RFC 7348 has 24 bits; whether 0 is one, AWS does not say, and Terraform's provider
    /// lets 16777216 pass.
    pub vnis: RangeInclusive<i32>,
    /// An identifier that another session of the account has. Accepted: nothing in the model forbids it.
    pub duplicate_vni: Verdict,
    /// A session number that another session of the interface has. That numbers are an order suggests that it is refused.
    pub duplicate_session_number: Verdict,
    /// `tag:` and `tag-key` as filters of the mirror objects' describe calls. The model does not list them; samples of AWS use `tag:` on
    /// targets.
    pub tag_filters: Verdict,
    /// A source of type `trunk`, `branch`, `efa` or `efa-only`. The guide names only `interface`.
    pub special_source: Verdict,
    /// A source of type `interface` that an Application Load Balancer has. The guide names only RDS and ElastiCache of all that AWS
    /// manages; people have reported, before it said so, that some of these were accepted.
    pub load_balancer_source: Verdict,
    /// Whether an interface of Fargate says that AWS manages it. If it does not, only its attachment tells it from the customer's own.
    pub fargate_is_requester_managed: bool,
    /// A session on an interface of an instance that is stopped. Accepted: the guide wants it attached, and attached it is.
    pub stopped_source: Verdict,
    /// The removal of a filter that has rules. Accepted, and the rules go with it: the model forbids only what a session uses.
    pub filter_with_rules: Verdict,
    /// The code that refuses the removal of a filter in use; one SDK's specification has `InvalidTrafficMirrorFilter.InUse`.
    pub filter_in_use: &'static str,
    /// The code for a target whose interface is not there; CloudFormation shows `InvalidTrafficMirrorTarget`.
    pub missing_target_interface: &'static str,
    /// Which codes there are where documentation and wire differ.
    pub codes: Codes,
    /// For how long a client token is remembered.
    pub tokens: TokenMemory,
    /// What is counted before a target that is an interface. Sources: the guide of 2026 and a real message say so; an older guide, and a
    /// second code, speak of sessions.
    pub target_limit: TargetLimit,
    /// The code that refuses to change what the caller sees and another account owns: a shared target, a session towards a target of
    /// one's own, a participant's interface. None: the one for what does not exist, though it is listed.
    pub change_of_anothers: Option<&'static str>,
    /// Whether an account sees the tags of those objects. Seen: then nobody may take a tag for a proof of who made something.
    pub tags_of_others: bool,
    /// The removal of a target that only sessions of other accounts use. Accepted: the guide says that such sessions become inactive.
    pub shared_target_in_use: Verdict,
    /// Whether sessions of other accounts still mirror to a target when its share has ended. They do not: that sentence of the guide
    /// stands where it tells how to end a share, and no call shows it.
    pub unshared_target_receives: bool,
    /// What the quotas "per account" count.
    pub quota_scope: QuotaScope,
    /// Whether a modified session without a packet length gets the default of its target, as a new one does. What a change removes is
    /// set to the default in either case. Source: botocore, `ModifyTrafficMirrorSession`.
    pub modify_fills_in: bool,
    /// Whether the answer to a creation has the tags.
    pub answers_repeat_tags: bool,
    /// Whether the answer to a session's creation has the packet length that AWS filled in. Its VXLAN network identifier is always there.
    pub answers_repeat_defaults: bool,
    /// A CIDR block with bits behind its prefix, such as `10.1.2.3/8`.
    pub host_bits: HostBits,
    /// Numbers that stand for all protocols, beside no number at all. Elsewhere in EC2 -1 does, and in some tools 0.
    pub all_protocols: BTreeSet<i32>,
    /// Interfaces that one answer lists which is neither filtered nor a page. The model says that a list of many fails without either, not
    /// from how many on; by default, from more than a page holds.
    pub most_interfaces_at_once: usize,
    /// Port ranges in a rule that is not for TCP or UDP. The model says that they are for those.
    pub ports_elsewhere: Verdict,
    /// Mirror objects in the tagging API: its lists hold them only if they are accepted, and only then can it be asked for their types.
    /// Mapping tables of third parties have them; AWS's list of supported resources was not seen to.
    pub mirrors_in_tagging: Verdict,
}

/// What AWS does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does what was asked for.
    Accepted,
    /// It answers with this code, and status 400.
    Refused(&'static str),
}

impl Verdict {
    pub(crate) fn or_refused(self, message: impl FnOnce() -> String) -> Result<(), ApiError> {
        match self {
            Self::Accepted => Ok(()),
            Self::Refused(code) => Err(ApiError::new(code, message())),
        }
    }
}

/// What the quota of rules counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesQuota {
    /// All rules of a filter.
    PerFilter,
    /// Those of each direction by themselves.
    PerDirection,
}

/// Which of two codes an error has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// The one that clients have seen.
    AsSeen,
    /// The one in "Error codes for the Amazon EC2 API".
    AsDocumented,
}

/// For how long a token leads to the first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenMemory {
    /// For ever, even when the object has been deleted since.
    ForEver,
    /// For so long after the first call.
    For(SignedDuration),
    /// Until what was made is gone.
    UntilGone,
}

/// What a target that is an interface takes so many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetLimit {
    /// Mirrored interfaces, or `TrafficMirrorSourcesPerTargetLimitExceeded`.
    Sources,
    /// Sessions, or `TrafficMirrorSessionsPerTargetLimitExceeded`.
    Sessions,
}

/// Where a quota per account counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaScope {
    /// In each Region by itself.
    PerRegion,
    /// In all Regions together; so much stands in the others.
    AllRegions(Standing),
}

/// How much of everything an account has in other Regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Sessions.
    pub sessions: usize,
    /// Targets.
    pub targets: usize,
    /// Filters.
    pub filters: usize,
}

/// What becomes of the bits behind a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostBits {
    /// They are set to zero: what is read is not what was written.
    CutOff,
    /// They stay.
    Kept,
    /// `InvalidParameterValue`.
    Refused,
}

impl Default for Unknowns {
    fn default() -> Self {
        Self {
            rules_quota: RulesQuota::PerFilter,
            absent_is_denied: true,
            vnis: 1..=0xff_ffff,
            duplicate_vni: Verdict::Accepted,
            duplicate_session_number: Verdict::Refused("InvalidParameterValue"),
            tag_filters: Verdict::Refused("InvalidParameterValue"),
            special_source: Verdict::Refused("NetworkInterfaceNotSupported"),
            load_balancer_source: Verdict::Refused("NetworkInterfaceNotSupported"),
            fargate_is_requester_managed: false,
            stopped_source: Verdict::Accepted,
            filter_with_rules: Verdict::Accepted,
            filter_in_use: "TrafficMirrorFilterInUse",
            missing_target_interface: "InvalidNetworkInterfaceID.NotFound",
            codes: Codes::AsSeen,
            tokens: TokenMemory::ForEver,
            target_limit: TargetLimit::Sources,
            change_of_anothers: None,
            tags_of_others: true,
            shared_target_in_use: Verdict::Accepted,
            unshared_target_receives: false,
            quota_scope: QuotaScope::PerRegion,
            modify_fills_in: true,
            answers_repeat_tags: true,
            answers_repeat_defaults: true,
            host_bits: HostBits::CutOff,
            all_protocols: BTreeSet::new(),
            most_interfaces_at_once: 1000,
            ports_elsewhere: Verdict::Refused("InvalidParameterValue"),
            mirrors_in_tagging: Verdict::Refused("InvalidParameterException"),
        }
    }
}

impl Unknowns {
    /// The other settings of every switch, each by itself and with what it says: what is true in all of these, and in the default, does
    /// not hang on what AWS leaves open.
    pub fn each_otherwise() -> Vec<(&'static str, Self)> {
        let set = |change: fn(&mut Self)| {
            let mut unknowns = Self::default();
            change(&mut unknowns);
            unknowns
        };
        vec![
            ("ten rules in each direction", set(|it| it.rules_quota = RulesQuota::PerDirection)),
            ("what is absent not found before it is denied", set(|it| it.absent_is_denied = false)),
            ("network identifier 0 accepted", set(|it| it.vnis = 0..=0xff_ffff)),
            ("network identifier 16777216 accepted", set(|it| it.vnis = 1..=0x100_0000)),
            (
                "duplicate network identifiers refused",
                set(|it| it.duplicate_vni = Verdict::Refused("InvalidParameterValue")),
            ),
            ("duplicate session numbers accepted", set(|it| it.duplicate_session_number = Verdict::Accepted)),
            (
                "duplicate session numbers refused with another code",
                set(|it| it.duplicate_session_number = Verdict::Refused("InvalidParameterCombination")),
            ),
            ("filters by tag accepted", set(|it| it.tag_filters = Verdict::Accepted)),
            ("trunk, branch and EFA interfaces accepted", set(|it| it.special_source = Verdict::Accepted)),
            ("interfaces of load balancers accepted", set(|it| it.load_balancer_source = Verdict::Accepted)),
            ("interfaces of Fargate managed", set(|it| it.fargate_is_requester_managed = true)),
            (
                "interfaces of stopped instances refused",
                set(|it| it.stopped_source = Verdict::Refused("NetworkInterfaceNotSupported")),
            ),
            (
                "filters with rules not removed",
                set(|it| it.filter_with_rules = Verdict::Refused("TrafficMirrorFilterInUse")),
            ),
            ("another code for a filter in use", set(|it| it.filter_in_use = "InvalidTrafficMirrorFilter.InUse")),
            (
                "another code for a target without its interface",
                set(|it| it.missing_target_interface = "InvalidTrafficMirrorTarget"),
            ),
            ("codes as documented", set(|it| it.codes = Codes::AsDocumented)),
            ("tokens forgotten after a minute", set(|it| it.tokens = TokenMemory::For(SignedDuration::from_mins(1)))),
            ("tokens forgotten with what they made", set(|it| it.tokens = TokenMemory::UntilGone)),
            ("sessions counted before a target", set(|it| it.target_limit = TargetLimit::Sessions)),
            (
                "changes of another account's objects not permitted",
                set(|it| it.change_of_anothers = Some("OperationNotPermitted")),
            ),
            ("tags of other accounts' objects hidden", set(|it| it.tags_of_others = false)),
            (
                "targets that others use not removed",
                set(|it| it.shared_target_in_use = Verdict::Refused("TrafficMirrorTargetInUse")),
            ),
            ("targets receive when their share has ended", set(|it| it.unshared_target_receives = true)),
            (
                "quotas over all Regions",
                set(|it| it.quota_scope = QuotaScope::AllRegions(Standing { sessions: 1, targets: 1, filters: 1 })),
            ),
            ("a change fills nothing in", set(|it| it.modify_fills_in = false)),
            ("answers without tags", set(|it| it.answers_repeat_tags = false)),
            ("answers without defaults", set(|it| it.answers_repeat_defaults = false)),
            ("host bits kept", set(|it| it.host_bits = HostBits::Kept)),
            ("host bits refused", set(|it| it.host_bits = HostBits::Refused)),
            ("-1 and 0 for all protocols", set(|it| it.all_protocols = [-1, 0].into())),
            ("interfaces listed however many there are", set(|it| it.most_interfaces_at_once = usize::MAX)),
            ("ports of any protocol accepted", set(|it| it.ports_elsewhere = Verdict::Accepted)),
            ("mirror objects in the tagging API", set(|it| it.mirrors_in_tagging = Verdict::Accepted)),
        ]
    }
}

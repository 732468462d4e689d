//! Takes switches for what AWS does not say, in JSON; sets them in an embedded cloud. Never takes a setting that nobody has thought of: a
//! code is one that AWS is known to answer somewhere.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::State;
use mirror_sim::{Codes, HostBits, QuotaScope, RulesQuota, Standing, TargetLimit, TokenMemory, Unknowns, Verdict};
use serde::{Deserialize, Serialize};

use super::lasting::Lasting;
use super::{Answer, Control, Refusal, answered, said};

/// The codes with which a switch can refuse.
const CODES: [&str; 10] = [
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "NetworkInterfaceNotSupported",
    "TrafficMirrorFilterInUse",
    "TrafficMirrorTargetInUse",
    "InvalidTrafficMirrorFilter.InUse",
    "InvalidTrafficMirrorTarget",
    "InvalidNetworkInterfaceID.NotFound",
    "UnsupportedOperation",
    "InvalidParameterException",
];

const ACCEPTED: &str = "accepted";

/// With the code for what does not exist, of whatever kind it is.
const NOT_FOUND: &str = "notFound";

/// All switches; in a change, what is not said stays as it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Switches {
    rules_quota: Option<RulesQuotaWish>,
    vnis: Option<Vnis>,
    /// `accepted`, or the code that refuses.
    duplicate_vni: Option<String>,
    duplicate_session_number: Option<String>,
    tag_filters: Option<String>,
    special_source: Option<String>,
    load_balancer_source: Option<String>,
    fargate_is_requester_managed: Option<bool>,
    stopped_source: Option<String>,
    filter_with_rules: Option<String>,
    filter_in_use: Option<String>,
    missing_target_interface: Option<String>,
    codes: Option<CodesWish>,
    tokens: Option<TokensWish>,
    quota_scope: Option<QuotaScopeWish>,
    modify_fills_in: Option<bool>,
    answers_repeat_tags: Option<bool>,
    answers_repeat_defaults: Option<bool>,
    host_bits: Option<HostBitsWish>,
    all_protocols: Option<BTreeSet<i32>>,
    ports_elsewhere: Option<String>,
    most_interfaces_at_once: Option<usize>,
    target_limit: Option<TargetLimitWish>,
    /// `notFound`, or the code that refuses.
    change_of_anothers: Option<String>,
    tags_of_others: Option<bool>,
    shared_target_in_use: Option<String>,
    unshared_target_receives: Option<bool>,
    absent_is_denied: Option<bool>,
    mirrors_in_tagging: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vnis {
    from: i32,
    to: i32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum RulesQuotaWish {
    PerFilter,
    PerDirection,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TargetLimitWish {
    Sources,
    Sessions,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum CodesWish {
    AsSeen,
    AsDocumented,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TokensWish {
    ForEver,
    For(Lasting),
    UntilGone,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum QuotaScopeWish {
    PerRegion,
    /// All Regions; so much stands in the others.
    AllRegions {
        sessions: usize,
        targets: usize,
        filters: usize,
    },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum HostBitsWish {
    CutOff,
    Kept,
    Refused,
}

pub(super) async fn read(State(control): State<Control>) -> Answer {
    answered(&shown(&control.embedded.now().world().unknowns))
}

pub(super) async fn change(State(control): State<Control>, body: Bytes) -> Answer {
    let switches = said(&body)?;
    let mut api = control.embedded.now();
    let changed = changed(api.world().unknowns.clone(), switches)?;
    api.world_mut().unknowns = changed;
    answered(&shown(&api.world().unknowns))
}

fn changed(mut unknowns: Unknowns, switches: Switches) -> Result<Unknowns, Refusal> {
    let it = &mut unknowns;
    let Switches { rules_quota, vnis, codes, tokens, quota_scope, host_bits, all_protocols, .. } = &switches;
    put(&mut it.rules_quota, rules_quota.map(rules_quota_of));
    if let Some(Vnis { from, to }) = vnis {
        if from > to {
            return Err(Refusal::wrong(format!("`vnis` is from {from} to {to}: write them in order")));
        }
        it.vnis = *from..=*to;
    }
    put(&mut it.codes, codes.map(codes_of));
    put(&mut it.tokens, tokens.map(tokens_of));
    put(&mut it.quota_scope, quota_scope.map(quota_scope_of));
    put(&mut it.host_bits, host_bits.map(host_bits_of));
    put(&mut it.all_protocols, all_protocols.clone());
    put(&mut it.most_interfaces_at_once, switches.most_interfaces_at_once);
    put(&mut it.target_limit, switches.target_limit.map(target_limit_of));
    put(&mut it.tags_of_others, switches.tags_of_others);
    put(&mut it.unshared_target_receives, switches.unshared_target_receives);
    put(&mut it.absent_is_denied, switches.absent_is_denied);
    put(&mut it.modify_fills_in, switches.modify_fills_in);
    put(&mut it.answers_repeat_tags, switches.answers_repeat_tags);
    put(&mut it.answers_repeat_defaults, switches.answers_repeat_defaults);
    put(&mut it.duplicate_vni, verdict("duplicateVni", switches.duplicate_vni)?);
    put(&mut it.duplicate_session_number, verdict("duplicateSessionNumber", switches.duplicate_session_number)?);
    put(&mut it.tag_filters, verdict("tagFilters", switches.tag_filters)?);
    put(&mut it.special_source, verdict("specialSource", switches.special_source)?);
    put(&mut it.load_balancer_source, verdict("loadBalancerSource", switches.load_balancer_source)?);
    put(&mut it.fargate_is_requester_managed, switches.fargate_is_requester_managed);
    put(&mut it.stopped_source, verdict("stoppedSource", switches.stopped_source)?);
    put(&mut it.filter_with_rules, verdict("filterWithRules", switches.filter_with_rules)?);
    put(&mut it.ports_elsewhere, verdict("portsElsewhere", switches.ports_elsewhere)?);
    put(&mut it.shared_target_in_use, verdict("sharedTargetInUse", switches.shared_target_in_use)?);
    put(&mut it.change_of_anothers, change_of_anothers(switches.change_of_anothers)?);
    put(&mut it.mirrors_in_tagging, verdict("mirrorsInTagging", switches.mirrors_in_tagging)?);
    put(&mut it.filter_in_use, code("filterInUse", switches.filter_in_use)?);
    put(&mut it.missing_target_interface, code("missingTargetInterface", switches.missing_target_interface)?);
    Ok(unknowns)
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn verdict(name: &str, said: Option<String>) -> Result<Option<Verdict>, Refusal> {
    match said {
        Some(accepted) if accepted == ACCEPTED => Ok(Some(Verdict::Accepted)),
        said => Ok(known(name, said, &[&[ACCEPTED], CODES.as_slice()].concat())?.map(Verdict::Refused)),
    }
}

fn change_of_anothers(said: Option<String>) -> Result<Option<Option<&'static str>>, Refusal> {
    let allowed = [NOT_FOUND, "OperationNotPermitted", "UnauthorizedOperation"];
    let code = known("changeOfAnothers", said, &allowed)?;
    Ok(code.map(|code| Some(code).filter(|code| *code != NOT_FOUND)))
}

fn code(name: &str, said: Option<String>) -> Result<Option<&'static str>, Refusal> {
    known(name, said, &CODES)
}

fn known(name: &str, said: Option<String>, allowed: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
    let Some(said) = said else { return Ok(None) };
    match allowed.iter().find(|code| **code == said) {
        Some(code) => Ok(Some(code)),
        None => Err(Refusal::wrong(format!("`{name}` is `{said}`: write one of {}", allowed.join(", ")))),
    }
}

/// A switch that is added does not compile until it has a place in here.
fn shown(unknowns: &Unknowns) -> Switches {
    let Unknowns {
        rules_quota,
        vnis,
        duplicate_vni,
        duplicate_session_number,
        tag_filters,
        special_source,
        load_balancer_source,
        fargate_is_requester_managed,
        stopped_source,
        filter_with_rules,
        filter_in_use,
        missing_target_interface,
        codes,
        tokens,
        quota_scope,
        modify_fills_in,
        answers_repeat_tags,
        answers_repeat_defaults,
        host_bits,
        all_protocols,
        ports_elsewhere,
        most_interfaces_at_once,
        target_limit,
        change_of_anothers,
        tags_of_others,
        shared_target_in_use,
        unshared_target_receives,
        absent_is_denied,
        mirrors_in_tagging,
    } = unknowns;
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Accepted => Some(ACCEPTED.into()),
        Verdict::Refused(code) => Some((*code).into()),
    };
    Switches {
        rules_quota: Some(match rules_quota {
            RulesQuota::PerFilter => RulesQuotaWish::PerFilter,
            RulesQuota::PerDirection => RulesQuotaWish::PerDirection,
        }),
        vnis: Some(Vnis { from: *vnis.start(), to: *vnis.end() }),
        duplicate_vni: verdict(duplicate_vni),
        duplicate_session_number: verdict(duplicate_session_number),
        tag_filters: verdict(tag_filters),
        special_source: verdict(special_source),
        load_balancer_source: verdict(load_balancer_source),
        fargate_is_requester_managed: Some(*fargate_is_requester_managed),
        stopped_source: verdict(stopped_source),
        filter_with_rules: verdict(filter_with_rules),
        filter_in_use: Some((*filter_in_use).into()),
        missing_target_interface: Some((*missing_target_interface).into()),
        codes: Some(match codes {
            Codes::AsSeen => CodesWish::AsSeen,
            Codes::AsDocumented => CodesWish::AsDocumented,
        }),
        tokens: Some(match tokens {
            TokenMemory::ForEver => TokensWish::ForEver,
            TokenMemory::For(long) => TokensWish::For(Lasting(*long)),
            TokenMemory::UntilGone => TokensWish::UntilGone,
        }),
        quota_scope: Some(match *quota_scope {
            QuotaScope::PerRegion => QuotaScopeWish::PerRegion,
            QuotaScope::AllRegions(Standing { sessions, targets, filters }) => {
                QuotaScopeWish::AllRegions { sessions, targets, filters }
            }
        }),
        modify_fills_in: Some(*modify_fills_in),
        answers_repeat_tags: Some(*answers_repeat_tags),
        answers_repeat_defaults: Some(*answers_repeat_defaults),
        host_bits: Some(match host_bits {
            HostBits::CutOff => HostBitsWish::CutOff,
            HostBits::Kept => HostBitsWish::Kept,
            HostBits::Refused => HostBitsWish::Refused,
        }),
        all_protocols: Some(all_protocols.clone()),
        ports_elsewhere: verdict(ports_elsewhere),
        most_interfaces_at_once: Some(*most_interfaces_at_once),
        target_limit: Some(match target_limit {
            TargetLimit::Sources => TargetLimitWish::Sources,
            TargetLimit::Sessions => TargetLimitWish::Sessions,
        }),
        change_of_anothers: Some(change_of_anothers.unwrap_or(NOT_FOUND).into()),
        tags_of_others: Some(*tags_of_others),
        shared_target_in_use: verdict(shared_target_in_use),
        unshared_target_receives: Some(*unshared_target_receives),
        absent_is_denied: Some(*absent_is_denied),
        mirrors_in_tagging: verdict(mirrors_in_tagging),
    }
}

fn rules_quota_of(wish: RulesQuotaWish) -> RulesQuota {
    match wish {
        RulesQuotaWish::PerFilter => RulesQuota::PerFilter,
        RulesQuotaWish::PerDirection => RulesQuota::PerDirection,
    }
}

fn target_limit_of(wish: TargetLimitWish) -> TargetLimit {
    match wish {
        TargetLimitWish::Sources => TargetLimit::Sources,
        TargetLimitWish::Sessions => TargetLimit::Sessions,
    }
}

fn codes_of(wish: CodesWish) -> Codes {
    match wish {
        CodesWish::AsSeen => Codes::AsSeen,
        CodesWish::AsDocumented => Codes::AsDocumented,
    }
}

fn tokens_of(wish: TokensWish) -> TokenMemory {
    match wish {
        TokensWish::ForEver => TokenMemory::ForEver,
        TokensWish::For(long) => TokenMemory::For(long.0),
        TokensWish::UntilGone => TokenMemory::UntilGone,
    }
}

fn quota_scope_of(wish: QuotaScopeWish) -> QuotaScope {
    match wish {
        QuotaScopeWish::PerRegion => QuotaScope::PerRegion,
        QuotaScopeWish::AllRegions { sessions, targets, filters } => {
            QuotaScope::AllRegions(Standing { sessions, targets, filters })
        }
    }
}

fn host_bits_of(wish: HostBitsWish) -> HostBits {
    match wish {
        HostBitsWish::CutOff => HostBits::CutOff,
        HostBitsWish::Kept => HostBits::Kept,
        HostBitsWish::Refused => HostBits::Refused,
    }
}

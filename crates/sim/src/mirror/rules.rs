//! Takes wishes for filter rules; gives rules that AWS would accept, in their filters. Never says what a filter mirrors as a whole.
//!
//! | a rule                                         | or                                                            |
//! |------------------------------------------------|---------------------------------------------------------------|
//! | has a number that is free in its direction     | `TrafficMirrorFilterRuleAlreadyExists`                        |
//! | is one of ten at most                          | `TrafficMirrorFilterRuleLimitExceeded`                        |
//! | has two CIDR blocks of one IP version          | `InvalidParameterValue`                                       |
//! | has ports only for TCP or UDP                  | `InvalidParameterValue`, unless the world says otherwise      |

use std::collections::BTreeMap;

use ipnet::IpNet;
use mirror_core::ids::{AccountId, FilterId, RuleId};
use mirror_core::inventory::{PortRange, Rule, Tags};

use super::MirrorFilter;
use crate::accounts::Owned;
use crate::error::ApiError;
use crate::listing::{Listed, Page};
use crate::request::{
    CreateTrafficMirrorFilterRule, DescribeTrafficMirrorFilterRules, ModifyTrafficMirrorFilterRule, Ports, RuleField,
    RuleWish,
};
use crate::tags;
use crate::unknowns::{HostBits, RulesQuota, Unknowns};
use crate::world::World;

/// Rule numbers: not documented; the range of session numbers is taken to be theirs as well.
const NUMBERS: std::ops::RangeInclusive<u16> = 1..=32766;

/// IANA protocol numbers that have ports.
const TCP_AND_UDP: [u8; 2] = [6, 17];

/// A rule of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorRule {
    /// Its id.
    pub id: RuleId,
    /// Its filter.
    pub filter: FilterId,
    /// What it says.
    pub rule: Rule,
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

impl World {
    pub(crate) fn create_rule(&mut self, wish: &CreateTrafficMirrorFilterRule) -> Result<MirrorRule, ApiError> {
        let CreateTrafficMirrorFilterRule { filter, rule, description, tags, token: _ } = wish;
        tags::check(tags)?;
        let rule = checked(rule, &self.unknowns)?;
        let host = self.own(&self.filters, filter)?;
        check_number_free(host, &rule, None)?;
        self.check_room_in(host, &rule, None)?;
        let rule = MirrorRule {
            id: self.mint.id("tmfr").into(),
            filter: filter.clone(),
            rule,
            description: description.clone(),
            tags: tags.clone(),
        };
        self.filter_mut(filter)?.rules.insert(rule.id.clone(), rule.clone());
        Ok(MirrorRule { tags: self.tags_said(rule.tags), ..rule })
    }

    pub(crate) fn describe_rules(
        &self,
        asked: &DescribeTrafficMirrorFilterRules,
    ) -> Result<Page<MirrorRule>, ApiError> {
        let DescribeTrafficMirrorFilterRules { filter, rules: wanted } = asked;
        if let Some(filter) = filter {
            return self.list_mirrored(&self.own(&self.filters, filter)?.rules, wanted);
        }
        if wanted.ids.is_empty() {
            return self.list_all_rules(wanted);
        }
        let named = wanted.ids.iter().filter_map(|id| self.rule(id).cloned());
        let named: BTreeMap<_, _> = named.map(|rule| (rule.id.clone(), rule)).collect();
        self.list_mirrored(&named, wanted)
    }

    pub(crate) fn modify_rule(&mut self, change: &ModifyTrafficMirrorFilterRule) -> Result<MirrorRule, ApiError> {
        let before = self.rule_mut(&change.rule)?.clone();
        let mut after = before.clone();
        after.rule = checked(&changed(&before.rule, change), &self.unknowns)?;
        if change.description.is_some() {
            after.description.clone_from(&change.description);
        }
        if change.remove.contains(&RuleField::Description) {
            after.description = None;
        }
        let host = self.own(&self.filters, &before.filter)?;
        check_number_free(host, &after.rule, Some(&before.id))?;
        self.check_room_in(host, &after.rule, Some(&before.id))?;
        self.rule_mut(&change.rule)?.clone_from(&after);
        Ok(after)
    }

    /// Whether a filter has room for a rule, which may be one of its own, changed.
    fn check_room_in(&self, host: &MirrorFilter, rule: &Rule, itself: Option<&RuleId>) -> Result<(), ApiError> {
        let counts = |other: &&MirrorRule| match self.unknowns.rules_quota {
            RulesQuota::PerFilter => true,
            RulesQuota::PerDirection => other.rule.direction == rule.direction,
        };
        let most = self.quotas.rules_per_filter;
        let others = host.rules.values().filter(|other| Some(&other.id) != itself).filter(counts).count();
        if others < most {
            return Ok(());
        }
        let message = format!("The maximum of {most} rules in {} has been reached", host.id);
        Err(ApiError::new("TrafficMirrorFilterRuleLimitExceeded", message))
    }

    pub(crate) fn delete_rule(&mut self, id: &RuleId) -> Result<RuleId, ApiError> {
        let host = self.rule_mut(id)?.filter.clone();
        self.filter_mut(&host)?.rules.remove(id);
        Ok(id.clone())
    }

    pub(crate) fn rule_mut(&mut self, id: &RuleId) -> Result<&mut MirrorRule, ApiError> {
        let own = self.filters.found(id).find(|filter| self.owns(*filter));
        let host = own.map(|host| host.id.clone());
        let rule = host.and_then(|host| self.filters.get_mut(&host)).and_then(|host| host.rules.get_mut(id));
        rule.ok_or_else(|| MirrorRule::not_found(id))
    }
}

/// The rule as it would be after a change.
fn changed(rule: &Rule, change: &ModifyTrafficMirrorFilterRule) -> RuleWish {
    let Rule { action, direction, number, protocol, source, destination, source_ports, destination_ports } = rule;
    let stays = |field| !change.remove.contains(&field);
    let ports = |range: &PortRange| Ports { from: range.from.into(), to: range.to.into() };
    let source_ports = source_ports.as_ref().filter(|_| stays(RuleField::SourcePortRange));
    let destination_ports = destination_ports.as_ref().filter(|_| stays(RuleField::DestinationPortRange));
    RuleWish {
        direction: change.direction.unwrap_or(*direction),
        number: change.number.unwrap_or(i32::from(*number)),
        action: change.action.unwrap_or(*action),
        protocol: change.protocol.or(protocol.filter(|_| stays(RuleField::Protocol)).map(i32::from)),
        source: change.source.unwrap_or(*source),
        destination: change.destination.unwrap_or(*destination),
        source_ports: change.source_ports.or(source_ports.map(ports)),
        destination_ports: change.destination_ports.or(destination_ports.map(ports)),
    }
}

/// A rule that AWS would accept, whatever else its filter holds.
fn checked(wish: &RuleWish, unknowns: &Unknowns) -> Result<Rule, ApiError> {
    let RuleWish { direction, number, action, protocol, source, destination, source_ports, destination_ports } = wish;
    let number = u16::try_from(*number).ok().filter(|number| NUMBERS.contains(number));
    let number = number.ok_or_else(|| ApiError::invalid_value("RuleNumber must be between 1 and 32766"))?;
    let protocol = match protocol {
        Some(number) if unknowns.all_protocols.contains(number) => None,
        Some(number) => Some(u8::try_from(*number).map_err(|_| ApiError::invalid_value("Protocol must be 0 to 255"))?),
        None => None,
    };
    if matches!((source, destination), (IpNet::V4(_), IpNet::V6(_)) | (IpNet::V6(_), IpNet::V4(_))) {
        let message = "SourceCidrBlock and DestinationCidrBlock must both be IPv4 or both be IPv6";
        return Err(ApiError::invalid_value(message));
    }
    let has_ports = source_ports.is_some() || destination_ports.is_some();
    if has_ports && !protocol.is_some_and(|protocol| TCP_AND_UDP.contains(&protocol)) {
        let message = || "Port ranges are valid only for the protocols TCP (6) and UDP (17)".into();
        unknowns.ports_elsewhere.or_refused(message)?;
    }
    Ok(Rule {
        action: *action,
        direction: *direction,
        number,
        protocol,
        source: block(*source, unknowns.host_bits)?,
        destination: block(*destination, unknowns.host_bits)?,
        source_ports: source_ports.map(checked_ports).transpose()?,
        destination_ports: destination_ports.map(checked_ports).transpose()?,
    })
}

/// A CIDR block as it is kept.
fn block(asked: IpNet, host_bits: HostBits) -> Result<IpNet, ApiError> {
    match host_bits {
        HostBits::CutOff => Ok(asked.trunc()),
        HostBits::Refused if asked.trunc() != asked => {
            Err(ApiError::invalid_value(format!("CIDR block {asked} has bits behind its prefix")))
        }
        HostBits::Kept | HostBits::Refused => Ok(asked),
    }
}

fn checked_ports(Ports { from, to }: Ports) -> Result<PortRange, ApiError> {
    match (u16::try_from(from), u16::try_from(to)) {
        (Ok(from), Ok(to)) if from <= to => Ok(PortRange { from, to }),
        _ => Err(ApiError::invalid_value(format!("Port range {from}-{to} is not valid"))),
    }
}

fn check_number_free(host: &MirrorFilter, rule: &Rule, itself: Option<&RuleId>) -> Result<(), ApiError> {
    let collides = |other: &&MirrorRule| {
        Some(&other.id) != itself && (other.rule.direction, other.rule.number) == (rule.direction, rule.number)
    };
    match host.rules.values().find(collides) {
        None => Ok(()),
        Some(other) => Err(ApiError::new(
            "TrafficMirrorFilterRuleAlreadyExists",
            format!("Rule number {} of direction {} is taken by {}", rule.number, rule.direction, other.id),
        )),
    }
}

impl Owned for MirrorRule {
    /// It is its filter's.
    fn owner(&self) -> Option<&AccountId> {
        None
    }
}

impl Listed for MirrorRule {
    type Id = RuleId;
    const KIND: &str = "traffic-mirror-filter-rule";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "traffic-mirror-filter-rule-id", "traffic-mirror-filter-id", "rule-number", "rule-action", "traffic-direction",
        "protocol", "source-cidr-block", "destination-cidr-block", "description",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        let Rule { action, direction, number, protocol, source, destination, .. } = &self.rule;
        vec![match filter {
            "traffic-mirror-filter-rule-id" => self.id.to_string(),
            "traffic-mirror-filter-id" => self.filter.to_string(),
            "rule-number" => number.to_string(),
            "rule-action" => action.to_string(),
            "traffic-direction" => direction.to_string(),
            "protocol" => return protocol.iter().map(ToString::to_string).collect(),
            "source-cidr-block" => source.to_string(),
            "destination-cidr-block" => destination.to_string(),
            _ => return self.description.iter().cloned().collect(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &RuleId) -> ApiError {
        let message = format!("The traffic mirror filter rule '{id}' does not exist");
        ApiError::new("InvalidTrafficMirrorFilterRuleId.NotFound", message)
    }
}

//! Takes a world and dice; gives calls as clients could send them: of every action, with parameters that are mostly valid, and mention
//! mostly what there is. Never makes one.
//!
//! An action is a line of [`GRAMMAR`], or of [`balancing::GRAMMAR`] for other APIs than EC2 and STS: how often it is drawn, and its parameters, `Name=word`. The word says what the value is
//! ([`Drawing::value`]); `?` behind the name says that the parameter is there half the time, `??` that it seldom is. A word alone stands
//! for several parameters ([`Drawing::group`]).

use super::dice::Dice;
use super::grammar_of_balancing as balancing;
use super::*;

/// Every action of EC2 and STS.
#[rustfmt::skip]
const GRAMMAR: &[(&str, usize, &str)] = &[
    ("GetCallerIdentity", 1, ""),
    ("AssumeRole", 1, "RoleArn=role RoleSessionName=key DurationSeconds??=length"),
    ("DescribeAvailabilityZones", 1, "ZoneName.1??=zone list"),
    ("DescribeVpcs", 1, "VpcId.1??=vpc list"),
    ("DescribeSubnets", 1, "SubnetId.1??=subnet list"),
    ("DescribeInstances", 3, "InstanceId.1?=instance InstanceId.2??=instance list"),
    ("RunInstances", 6, "ImageId=image InstanceType?=type SubnetId?=subnet MinCount=one MaxCount=few Ipv6AddressCount??=one market?? cards?? ClientToken?=token instance+ network-interface+"),
    ("StartInstances", 6, "InstanceId.1=instance InstanceId.2??=instance"),
    ("StopInstances", 6, "InstanceId.1=instance InstanceId.2??=instance"),
    ("TerminateInstances", 3, "InstanceId.1=instance"),
    ("ModifyInstanceAttribute", 4, "InstanceId=stopped InstanceType.Value=type"),
    ("DescribeNetworkInterfaces", 3, "NetworkInterfaceId.1?=interface list"),
    ("CreateNetworkInterface", 8, "SubnetId=subnet Description?=text Ipv6AddressCount??=one InterfaceType??=interface-type Ipv4PrefixCount??=few ClientToken??=token network-interface+"),
    ("AttachNetworkInterface", 5, "NetworkInterfaceId=loose InstanceId=instance DeviceIndex=index NetworkCardIndex??=one"),
    ("DetachNetworkInterface", 3, "AttachmentId=attachment"),
    ("DeleteNetworkInterface", 5, "NetworkInterfaceId=loose"),
    ("ModifyNetworkInterfaceAttribute", 4, "NetworkInterfaceId=interface changed"),
    ("AssignPrivateIpAddresses", 4, "NetworkInterfaceId=interface addresses"),
    ("UnassignPrivateIpAddresses", 3, "secondary"),
    ("AssignIpv6Addresses", 4, "NetworkInterfaceId=interface Ipv6AddressCount?=one Ipv6PrefixCount?=one"),
    ("UnassignIpv6Addresses", 3, "ipv6"),
    ("CreateSecurityGroup", 6, "GroupName=group-name GroupDescription=group-name VpcId=vpc security-group+"),
    ("DescribeSecurityGroups", 2, "GroupId.1??=group list"),
    ("DescribeSecurityGroupRules", 2, "SecurityGroupRuleId.1??=group-rule list"),
    ("AuthorizeSecurityGroupIngress", 8, "GroupId=group permission security-group-rule+"),
    ("AuthorizeSecurityGroupEgress", 6, "GroupId=group permission security-group-rule+"),
    ("RevokeSecurityGroupIngress", 4, "revoked-ingress"),
    ("RevokeSecurityGroupEgress", 4, "revoked-egress"),
    ("DeleteSecurityGroup", 3, "GroupId=group"),
    ("DescribeNetworkAcls", 1, "NetworkAclId.1??=acl list"),
    ("DescribeManagedPrefixLists", 1, "PrefixListId.1??=prefix-list list"),
    ("GetManagedPrefixListEntries", 1, "PrefixListId=prefix-list TargetVersion??=one MaxResults?=one"),
    ("CreateTags", 14, "ResourceId.1=anything ResourceId.2??=anything Tag.1.Key=key Tag.1.Value?=text Tag.2.Key??=key"),
    ("DeleteTags", 12, "ResourceId.1=anything Tag.1.Key?=key"),
    ("DescribeTags", 1, "list"),
    ("CreateTrafficMirrorFilter", 16, "Description?=text ClientToken??=token traffic-mirror-filter+"),
    ("DescribeTrafficMirrorFilters", 3, "TrafficMirrorFilterId.1?=filter list"),
    ("ModifyTrafficMirrorFilterNetworkServices", 12, "TrafficMirrorFilterId=filter services"),
    ("DeleteTrafficMirrorFilter", 16, "TrafficMirrorFilterId=filter"),
    ("CreateTrafficMirrorFilterRule", 20, "TrafficMirrorFilterId=filter TrafficDirection=direction RuleNumber=rule-number RuleAction=action cidrs transport? Description?=text ClientToken??=token traffic-mirror-filter-rule+"),
    ("DescribeTrafficMirrorFilterRules", 2, "TrafficMirrorFilterId?=filter TrafficMirrorFilterRuleId.1??=rule list"),
    ("ModifyTrafficMirrorFilterRule", 12, "TrafficMirrorFilterRuleId=rule TrafficDirection??=direction RuleNumber??=rule-number RuleAction?=action transport? Description?=text RemoveField.1??=rule-field"),
    ("DeleteTrafficMirrorFilterRule", 14, "TrafficMirrorFilterRuleId=rule"),
    ("CreateTrafficMirrorTarget", 8, "resource Description?=text ClientToken??=token traffic-mirror-target+"),
    ("DescribeTrafficMirrorTargets", 2, "TrafficMirrorTargetId.1?=target list"),
    ("DeleteTrafficMirrorTarget", 5, "TrafficMirrorTargetId=target"),
    ("CreateTrafficMirrorSession", 26, "NetworkInterfaceId=source TrafficMirrorTargetId=target TrafficMirrorFilterId=filter SessionNumber=number PacketLength?=length VirtualNetworkId?=vni Description?=text ClientToken??=token traffic-mirror-session+"),
    ("DescribeTrafficMirrorSessions", 3, "TrafficMirrorSessionId.1?=session list"),
    ("ModifyTrafficMirrorSession", 16, "TrafficMirrorSessionId=session TrafficMirrorTargetId??=target TrafficMirrorFilterId?=filter SessionNumber??=number PacketLength??=length VirtualNetworkId?=vni Description?=text RemoveField.1??=session-field"),
    ("DeleteTrafficMirrorSession", 14, "TrafficMirrorSessionId=session"),
];

/// Values that fit nowhere, or only just.
const WRONG: &[&str] = &[
    "",
    "0",
    "-1",
    "1.5",
    "1000",
    "65536",
    "2147483648",
    "99999999999999999999",
    "tmf-0",
    "i-0123456789abcdef0",
    "arn:aws:x",
    "10.0.0.1/33",
    "::/0",
    "\u{0}",
    "\u{7f}\u{85}",
    "\u{fffe}\u{ffff}",
    "]]>&<'\"",
    "  ",
    "é\u{301}\u{1f980}",
    "TRUE",
    "aws:reserved",
    "*?",
];

/// More than an account of this size needs: the world must not grow without end.
const ENOUGH_INSTANCES: usize = 120;
const ENOUGH_OF_THE_REST: usize = 200;

/// Calls that are drawn one after another.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) dice: Dice,
    /// One call in so many has something wrong on purpose, beside what is wrong by chance.
    pub(super) wrong_one_in: usize,
    /// The token of the last page that has another behind it.
    pub(super) next: Option<String>,
    tokens: usize,
}

/// The parameters of a call.
pub(super) type Drawn = Vec<(String, String)>;

fn lines() -> impl Iterator<Item = &'static (&'static str, usize, &'static str)> {
    GRAMMAR.iter().chain(balancing::GRAMMAR)
}

impl Drawing {
    pub(super) fn new(seed: u64, wrong_one_in: usize) -> Self {
        Self { dice: Dice::new(seed), wrong_one_in, next: None, tokens: 0 }
    }

    /// A call to this world, and its action.
    pub(super) fn call(&mut self, world: &World) -> (&'static str, Drawn) {
        let action = self.action(world);
        let parameters = lines().find(|(name, ..)| *name == action).unwrap().2;
        let name = action.split_once(':').map_or(action, |(_, name)| name);
        let mut drawn: Drawn = vec![("Action".into(), name.into())];
        parameters.split_whitespace().for_each(|word| self.parameter(world, word, &mut drawn));
        if !action.contains(':') && self.dice.one_in(40) {
            drawn.push(("DryRun".into(), "true".into()));
        }
        if self.dice.one_in(self.wrong_one_in) {
            self.spoil(&mut drawn);
        }
        (action, drawn)
    }

    fn action(&mut self, world: &World) -> &'static str {
        let all: usize = lines().map(|(_, weight, _)| weight).sum();
        let mut drawn = self.dice.below(all);
        let (action, ..) = lines()
            .find(|(_, weight, _)| {
                let it = drawn < *weight;
                drawn = drawn.saturating_sub(*weight);
                it
            })
            .unwrap();
        match *action {
            "RunInstances" if world.instances.len() > ENOUGH_INSTANCES => "StopInstances",
            "CreateNetworkInterface" if world.interfaces.len() > ENOUGH_OF_THE_REST => "DeleteNetworkInterface",
            "CreateSecurityGroup" if world.security_groups.len() > ENOUGH_OF_THE_REST => "DeleteSecurityGroup",
            "CreateTrafficMirrorFilter" if world.filters.len() > ENOUGH_OF_THE_REST => "DeleteTrafficMirrorFilter",
            "CreateTrafficMirrorTarget" if world.targets.len() > ENOUGH_OF_THE_REST => "DeleteTrafficMirrorTarget",
            other => other,
        }
    }

    fn parameter(&mut self, world: &World, word: &str, drawn: &mut Drawn) {
        let (name, kind) = word.split_once('=').unwrap_or((word, ""));
        let bare = name.trim_end_matches('?');
        let absent = match name.len() - bare.len() {
            0 => false,
            1 => self.dice.one_in(2),
            _ => !self.dice.one_in(8),
        };
        if absent {
            return;
        }
        if kind.is_empty() {
            self.group(world, bare, drawn);
        } else if let Some(value) = self.value(world, kind) {
            drawn.push((bare.into(), value));
        }
    }

    /// What a word says alone.
    fn group(&mut self, world: &World, word: &str, drawn: &mut Drawn) {
        if self.group_of_machines(world, word, drawn) || self.group_of_firewalls(world, word, drawn) {
            return;
        }
        let mut add = |name: &str, value: &str| drawn.push((name.into(), value.into()));
        match word {
            "list" => self.list(&mut add),
            "pages" => self.page(&mut add, "PageSize", "Marker"),
            "resources-pages" => self.page(&mut add, "ResourcesPerPage", "PaginationToken"),
            "services" => {
                let name = self.dice.among(&["AddNetworkService.1", "RemoveNetworkService.1"]);
                add(name, "amazon-dns");
            }
            "cidrs" => {
                let blocks: &[&str] = match self.dice.below(6) {
                    0 => &["::/0", "2001:db8::/56"],
                    _ => &["0.0.0.0/0", "10.0.0.0/16", "10.1.2.3/8", "192.0.2.7/32"],
                };
                add("SourceCidrBlock", self.dice.among(blocks));
                add("DestinationCidrBlock", self.dice.among(blocks));
            }
            "transport" => {
                add("Protocol", self.dice.among(&["6", "17", "6", "17", "1", "132", "-1", "256"]));
                if self.dice.one_in(2) {
                    let end = self.dice.among(&["SourcePortRange", "DestinationPortRange"]);
                    let (from, to) = (self.dice.below(40_000), self.dice.below(20_000));
                    add(&format!("{end}.FromPort"), &from.to_string());
                    add(&format!("{end}.ToPort"), &(from + to).to_string());
                }
            }
            "resource" => match self.dice.below(4) {
                0 => add("NetworkInterfaceId", &self.value(world, "interface").unwrap_or_default()),
                1 => {
                    let at = self.dice.below(world.load_balancers.len().max(1));
                    let arn = world.load_balancers.keys().nth(at).map_or("arn:aws:x", |arn| arn.as_str());
                    add("NetworkLoadBalancerArn", arn);
                }
                _ => {
                    let at = self.dice.below(world.endpoints.len().max(1));
                    let id = world.endpoints.keys().nth(at).map_or("vpce-0", |id| id.as_str());
                    add("GatewayLoadBalancerEndpointId", id);
                }
            },
            other if other.starts_with("lb-") => balancing::group(world, other, &mut self.dice, &mut add),
            tagged => {
                if self.dice.one_in(3) {
                    let resource_type = tagged.strip_suffix('+').unwrap_or_else(|| panic!("the word {tagged}"));
                    add("TagSpecification.1.ResourceType", resource_type);
                    add("TagSpecification.1.Tag.1.Key", &self.value(world, "key").unwrap_or_default());
                    add("TagSpecification.1.Tag.1.Value", &self.value(world, "text").unwrap_or_default());
                }
            }
        }
    }

    fn list(&mut self, add: &mut impl FnMut(&str, &str)) {
        if !self.dice.one_in(4) {
            add("MaxResults", self.dice.among(&["5", "6", "10", "100", "1000", "4"]));
        }
        if let Some(next) = self.next.take().filter(|_| self.dice.one_in(2)) {
            add("NextToken", &next);
        }
        if self.dice.one_in(6) {
            add("Filter.1.Name", self.dice.among(&["tag:role", "tag-key", "owner-id", "vpc-id", "subnet-id", "state"]));
            add("Filter.1.Value.1", self.dice.among(&["web", "*", "?*", "123456789012", "vpc-0*", "available"]));
        }
    }

    fn page(&mut self, add: &mut impl FnMut(&str, &str), size: &str, token: &str) {
        if !self.dice.one_in(3) {
            add(size, self.dice.among(&["1", "2", "5", "100", "400", "0"]));
        }
        if let Some(next) = self.next.take().filter(|_| self.dice.one_in(2)) {
            add(token, &next);
        }
    }

    /// What a word behind a `=` stands for; none if there is no such thing.
    pub(super) fn value(&mut self, world: &World, word: &str) -> Option<String> {
        let Self { dice, tokens, .. } = self;
        Some(match word {
            "group-name" => dice.among(&["web", "db", "a", "b", "c", "d", "e", "f", "node", "default", "sg-x"]).into(),
            "image" => "ami-0123456789abcdef0".into(),
            "type" => dice.among(&["m5.large", "m5.large", "t3.micro", "c5.4xlarge", "t2.micro", "m8g.large"]).into(),
            "interface-type" => dice.among(&["efa", "efa-only", "trunk", "branch", "lambda"]).into(),
            "one" => dice.among(&["1", "1", "1", "2", "0"]).into(),
            "few" => dice.among(&["2", "2", "3", "1", "0"]).into(),
            "index" => dice.among(&["1", "2", "3", "0", "15"]).into(),
            "key" => dice.among(&["role", "Name", "mirror", "a", "b", "ü", "aws:x"]).into(),
            "text" => dice.among(&["web", "", "crown-jewel", "a b&c<d>", "x\ty\r\nz", "日本"]).into(),
            "role" => {
                dice.among(&["arn:aws:iam::123456789012:role/open", "arn:aws:iam::123456789012:role/none"]).into()
            }
            "direction" => dice.among(&["ingress", "egress"]).into(),
            "action" => dice.among(&["accept", "reject"]).into(),
            "rule-number" => (dice.below(60)).to_string(),
            "rule-field" => {
                dice.among(&["destination-port-range", "source-port-range", "protocol", "description"]).into()
            }
            "session-field" => dice.among(&["packet-length", "description", "virtual-network-id"]).into(),
            "number" => (dice.below(2000) * 17).to_string(),
            "length" => dice.among(&["100", "1500", "8500", "8501", "0"]).into(),
            "vni" => dice.below(0x100_0002).to_string(),
            "token" if dice.one_in(3) => format!("token-{}", *tokens - dice.below(*tokens + 1)),
            "token" => {
                *tokens += 1;
                format!("token-{tokens}")
            }
            other if other.starts_with("lb-") => return balancing::value(world, other, dice),
            thing if dice.one_in(25) => {
                let prefixes =
                    ["i", "eni", "subnet", "vpc", "tmf", "tmfr", "tmt", "tms", "eni-attach", "sg", "sgr", "acl"];
                let prefix = dice.among(&prefixes);
                format!("{prefix}-0{}{:x}", thing.len(), dice.draw())
            }
            thing => return standing(world, thing, dice),
        })
    }

    /// Makes something of a call wrong.
    fn spoil(&mut self, drawn: &mut Drawn) {
        let at = self.dice.below(drawn.len());
        match self.dice.below(5) {
            0 | 1 => drawn[at].1 = self.dice.among(WRONG).into(),
            2 => drop(drawn.remove(at)),
            3 => {
                let name =
                    self.dice.among(&["Filter.1.Value.0", "Colour", "Tag.0.Key", "Filter.x.Name", "MaxResults.1"]);
                drawn.push((name.into(), self.dice.among(WRONG).into()));
            }
            _ => drawn[at].0.push_str(self.dice.among(&[".1", ".Key", ".", "x"])),
        }
    }
}

/// One of several; none if there are none.
pub(super) fn pick<T: ToString>(of: impl Iterator<Item = T> + Clone, dice: &mut Dice) -> Option<String> {
    let count = of.clone().count();
    if count == 0 { None } else { of.clone().nth(dice.below(count)).map(|it| it.to_string()) }
}

/// One of the things of a kind that there are.
pub(super) fn standing(world: &World, kind: &str, dice: &mut Dice) -> Option<String> {
    match kind {
        "zone" => pick(world.zones.keys(), dice),
        "vpc" => pick(world.vpcs.keys(), dice),
        "subnet" => pick(world.subnets.keys(), dice),
        "instance" => pick(world.instances.keys(), dice),
        "stopped" => {
            let stopped = |it: &&Instance| it.state == mirror_core::inventory::InstanceState::Stopped;
            pick(world.instances.values().filter(stopped).map(|it| &it.id), dice)
        }
        "interface" => pick(world.interfaces.keys(), dice),
        "source" => {
            let hosts = |interface: &&NetworkInterface| interface.instance().is_some();
            pick(world.interfaces.values().filter(hosts).map(|it| &it.id), dice)
        }
        "loose" => pick(world.interfaces.values().filter(|it| it.attachment.is_none()).map(|it| &it.id), dice),
        "attachment" => {
            let more = |interface: &&NetworkInterface| interface.device_index() != Some(0);
            pick(world.interfaces.values().filter(more).filter_map(|it| it.attachment.as_ref()).map(|it| &it.id), dice)
        }
        "group" => pick(world.security_groups.keys(), dice),
        "group-rule" => pick(world.security_groups.values().flat_map(|group| group.rules.keys()), dice),
        "acl" => pick(world.network_acls.keys(), dice),
        "prefix-list" => pick(world.prefix_lists.keys(), dice),
        "filter" => pick(world.filters.keys(), dice),
        "rule" => pick(world.filters.values().flat_map(|filter| filter.rules.keys()), dice),
        "target" => pick(world.targets.keys(), dice),
        "session" => pick(world.sessions.keys(), dice),
        "anything" => {
            let mirrors = ["filter", "rule", "target", "session"];
            let kinds = ["instance", "interface", "subnet", "vpc", "group", "group-rule", "acl", "prefix-list"];
            let kind = if dice.one_in(2) { dice.among(&mirrors) } else { dice.among(&kinds) };
            standing(world, kind, dice)
        }
        other => panic!("the grammar has no word {other}"),
    }
}

#[test]
fn the_grammar_has_every_action() {
    let known: Vec<_> = lines().map(|(action, ..)| *action).collect();
    assert_eq!(
        known,
        Request::every_action().collect::<Vec<_>>(),
        "each action is a line, in the order of the requests"
    );
}

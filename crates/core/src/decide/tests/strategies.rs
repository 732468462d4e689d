//! Takes strategies of every kind; gives sentences about whom they choose and what of it they capture.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::inventory::{
    ClassicBalancer, Direction, GroupPeer, GroupRule, Platform, PortRange, Protection, Registered, Subnet, TargetGroup,
};
use crate::packets::PacketSet;
use crate::policy::{Except, SampleKey};

const SENSORS: &str = "sensors: {sta: {targets: [{existing: tmt-1}]}}";
const EDGE: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/edge/1";
const INNER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/inner/2";
const ACL: &str = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shield/3";

fn policy_for(strategies: &str) -> Policy {
    let policy = policy_of(&format!("{SENSORS}\nstrategies: {strategies}"));
    Policy { sample_key: Some(SampleKey::new(b"sixteen bytes or so").unwrap()), ..policy }
}

/// Hosts, each with one interface: `web` is `i-web` with `eni-web`, tagged `role=web`.
fn hosts(names: &[&str]) -> Facts {
    let facts = Facts::new().target("tmt-1", Resource::NetworkLoadBalancer(NLB.into())).behind(&[]);
    names.iter().fold(facts, |facts, name| {
        let role = name.split('-').next().unwrap();
        let (instance, interface) = (format!("i-{name}"), format!("eni-{name}"));
        facts.instance(&instance, &[("role", role)]).interface(&interface, &instance)
    })
}

impl Facts {
    fn address(mut self, interface: &str, network: &str) -> Self {
        let interfaces = Arc::make_mut(&mut self.0.interfaces);
        interfaces.get_mut(&interface.into()).unwrap().addresses.insert(network.parse().unwrap());
        self
    }

    fn change_interface(mut self, id: &str, change: impl FnOnce(&mut NetworkInterface)) -> Self {
        change(Arc::make_mut(&mut self.0.interfaces).get_mut(&id.into()).unwrap());
        self
    }

    /// A load balancer sends to these, in one group in `vpc-1`.
    fn balancer(mut self, arn: &str, targets: &[Registered]) -> Self {
        let group =
            TargetGroup { vpc: Some("vpc-1".into()), targets: targets.iter().cloned().collect(), emptied: None };
        self.0.directory.balancers.insert(arn.into());
        self.0.balancers.entry(arn.into()).or_default().groups = [(format!("{arn}-group").into(), group)].into();
        self
    }

    fn open(mut self, group: &str, protocol: Option<u8>, ports: Option<(u16, u16)>, from: &str) -> Self {
        let peer = match from.parse() {
            Ok(network) => GroupPeer::Network(network),
            Err(_) => GroupPeer::Group(from.into()),
        };
        let ports = ports.map(|(from, to)| PortRange { from, to });
        let rule = GroupRule { group: group.into(), direction: Direction::Ingress, protocol, ports, peer };
        Arc::make_mut(&mut self.0.group_rules).entry(group.into()).or_default().insert(rule);
        self
    }

    fn subnet_with(mut self, networks: &[&str]) -> Self {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        self.0.subnets.insert("subnet-1".into(), Subnet { vpc: "vpc-1".into(), networks });
        self
    }
}

/// The interfaces that are to be mirrored.
fn mirrored(policy: &Policy, facts: Facts) -> Vec<String> {
    let wishes = decided(policy, &facts.read(0)).interfaces;
    wishes.into_iter().filter(|(_, it)| !it.lanes.is_empty()).map(|(id, _)| id.to_string()).collect()
}

/// What of an interface is to be mirrored, in IPv4.
fn packets(policy: &Policy, facts: Facts, interface: &str) -> PacketSet {
    let decisions = decided(policy, &facts.read(0));
    let lanes = &decisions.interfaces[&interface.into()].lanes;
    lanes[&"sta".into()].capture.packets(false).unwrap()
}

fn flows(flows: &[Flow]) -> PacketSet {
    PacketSet::of_flows(flows).unwrap().possible(false)
}

fn ports(text: &str) -> crate::policy::Ports {
    Except::read(text).unwrap().ports.unwrap()
}

fn blind(policy: &Policy, facts: Facts) -> Vec<String> {
    decided(policy, &facts.read(0)).blind.into_iter().map(|it| it.what).collect()
}

const JUNCTION: &str = "[{name: junctions, junction: {loadBalancers: [{name: edge}]}}]";

#[test]
fn the_instances_registered_with_a_load_balancer_are_mirrored_and_nobody_else() {
    let facts = || hosts(&["web", "app"]).balancer(EDGE, &[Registered::Instance("i-web".into())]);
    assert_eq!(mirrored(&policy_for(JUNCTION), facts()), ["eni-web"]);
    let by_arn = format!("[{{name: junctions, junction: {{loadBalancers: [{{arn: '{EDGE}'}}]}}}}]");
    assert_eq!(mirrored(&policy_for(&by_arn), facts()), ["eni-web"]);
}

#[test]
fn a_load_balancer_is_found_by_its_tags_and_by_the_web_acl_that_protects_it() {
    let facts = || hosts(&["web", "app"]).balancer(EDGE, &[Registered::Instance("i-web".into())]);
    let by_tags = policy_for("[{name: junctions, junction: {loadBalancers: [{tags: {tier: 'e*'}}]}}]");
    let mut tagged = facts();
    tagged.0.directory.tags.insert(EDGE.into(), tags_of(&[("tier", "edge")]));
    assert_eq!(mirrored(&by_tags, tagged), ["eni-web"]);
    assert_eq!(mirrored(&by_tags, facts()), Vec::<String>::new());
    let by_acl = policy_for("[{name: junctions, junction: {webAcls: [{name: shield}]}}]");
    let mut protected = facts();
    let protection = Protection { name: "shield".into(), balancers: [EDGE.into()].into(), emptied: None };
    protected.0.directory.web_acls.insert(ACL.into(), protection);
    assert_eq!(mirrored(&by_acl, protected), ["eni-web"]);
}

#[test]
fn a_classic_load_balancer_goes_by_its_name() {
    let mut facts = hosts(&["web", "app"]);
    let classic = ClassicBalancer { instances: ["i-app".into()].into(), ..ClassicBalancer::default() };
    facts.0.directory.classic.insert("edge".into(), classic);
    assert_eq!(mirrored(&policy_for(JUNCTION), facts), ["eni-app"]);
}

#[test]
fn a_registered_address_is_a_pods_on_any_interface_or_one_of_a_prefix() {
    let registered = ["10.0.0.5", "10.0.1.17"].map(|it| Registered::Address(it.parse().unwrap()));
    let facts = hosts(&["node", "other", "third"])
        .interface_with("eni-node-2", "i-node", |it| it.attachment.as_mut().unwrap().device_index = 1)
        .address("eni-node-2", "10.0.0.5/32")
        .address("eni-other", "10.0.1.16/28")
        .balancer(EDGE, &registered);
    assert_eq!(mirrored(&policy_for(JUNCTION), facts), ["eni-node-2", "eni-other"]);
}

#[test]
fn an_address_of_another_vpc_is_somebody_else() {
    let facts = hosts(&["web"])
        .address("eni-web", "10.0.0.5/32")
        .change_interface("eni-web", |it| it.vpc = "vpc-2".into())
        .balancer(EDGE, &[Registered::Address("10.0.0.5".parse().unwrap())]);
    assert_eq!(mirrored(&policy_for(JUNCTION), facts), Vec::<String>::new());
}

#[test]
fn behind_a_load_balancer_that_is_registered_with_another_stands_whoever_is_registered_there() {
    let facts = hosts(&["web", "app"])
        .balancer(EDGE, &[Registered::Other(INNER.into())])
        .balancer(INNER, &[Registered::Instance("i-app".into()), Registered::Other(EDGE.into())]);
    assert_eq!(mirrored(&policy_for(JUNCTION), facts), ["eni-app"]);
}

#[test]
fn what_a_junction_cannot_show_is_said() {
    let facts = hosts(&["web"]).balancer(
        EDGE,
        &[
            Registered::Other("arn:aws:lambda:eu-west-1:111122223333:function:f".into()),
            Registered::AddressElsewhere("192.168.0.1".parse().unwrap()),
            Registered::Address("10.0.0.9".parse().unwrap()),
            Registered::Instance("i-web".into()),
        ],
    );
    let expected = [
        "10.0.0.9, registered with edge, is no address of an interface in its VPC",
        "192.168.0.1, registered with edge, is outside the VPC",
        "arn:aws:lambda:eu-west-1:111122223333:function:f, registered with edge, has no network interface that AWS mirrors",
    ];
    assert_eq!(blind(&policy_for(JUNCTION), facts), expected);
    let nobody = blind(&policy_for(JUNCTION), hosts(&["web"]));
    assert_eq!(
        nobody,
        ["chooses nobody here (line 5, column 21)", "there is no load balancer called edge in this account and Region"]
    );
}

const FRONT_DOORS: &str = "[{name: doors, accessPath: {select: {tags: {role: web}}, expect: securityGroups}}]";

#[test]
fn a_server_is_mirrored_on_the_ports_that_its_security_groups_open_whoever_comes() {
    let facts = hosts(&["web"])
        .open("sg-1", Some(6), Some((443, 443)), "10.0.0.0/8")
        .open("sg-1", Some(6), Some((80, 80)), "sg-9")
        .open("sg-2", Some(6), Some((22, 22)), "0.0.0.0/0");
    let expected = flows(&[Flow::served(ports("tcp/443")), Flow::served(ports("tcp/80"))]);
    assert_eq!(packets(&policy_for(FRONT_DOORS), facts, "eni-web"), expected);
}

#[test]
fn all_traffic_is_everything_and_what_only_ipv6_may_use_is_of_ipv6_alone() {
    let facts = hosts(&["web"]).open("sg-1", None, None, "10.0.0.0/8");
    assert_eq!(packets(&policy_for(FRONT_DOORS), facts, "eni-web"), PacketSet::everything().possible(false));
    let facts = hosts(&["web"])
        .change_interface("eni-web", |it| it.ipv6 = true)
        .open("sg-1", Some(6), Some((443, 443)), "::/0")
        .open("sg-1", Some(6), Some((80, 80)), "0.0.0.0/0");
    assert_eq!(packets(&policy_for(FRONT_DOORS), facts, "eni-web"), flows(&[Flow::served(ports("tcp/80"))]));
}

#[test]
fn a_server_that_lets_nothing_in_has_nothing_to_capture_and_one_whose_rules_are_unread_is_left_alone() {
    let policy = policy_for(FRONT_DOORS);
    let closed = decided(&policy, &hosts(&["web"]).read(0)).interfaces.remove(&"eni-web".into()).unwrap();
    assert!(closed.lanes.is_empty() && !closed.doubt);
    assert!(closed.reasons.contains(&Reason::NothingServed { strategy: "doors".into() }), "{closed:?}");
    let mut unread = hosts(&["web"]).read(0);
    unread.parts.clear();
    let unread = decided(&policy, &unread).interfaces.remove(&"eni-web".into()).unwrap();
    assert!(unread.lanes.is_empty() && unread.doubt, "{unread:?}");
}

const PATH: &str =
    "[{name: data, risk: {paths: [{from: {tags: {role: app}}, to: {tags: {role: vault}}, ports: [tcp/8443]}]}}]";

#[test]
fn of_a_path_the_end_is_mirrored_that_costs_fewer_sessions_and_of_it_the_paths_ports_with_the_peers_subnets() {
    let facts = || hosts(&["app-1", "app-2", "vault"]).subnet_with(&["10.0.0.0/24", "2001:db8::/64"]);
    assert_eq!(mirrored(&policy_for(PATH), facts()), ["eni-vault"]);
    let peer = Some("10.0.0.0/24".parse().unwrap());
    let expected = flows(&[Flow { peer, ..Flow::served(ports("tcp/8443")) }]);
    assert_eq!(packets(&policy_for(PATH), facts(), "eni-vault"), expected);
}

#[test]
fn an_end_that_cannot_be_mirrored_leaves_it_to_the_other() {
    let facts = hosts(&["app-1", "app-2", "vault"])
        .subnet_with(&["10.0.0.0/24"])
        .change_instance("i-vault", |it| it.instance_type = "t2.micro".into());
    assert_eq!(mirrored(&policy_for(PATH), facts.clone()), ["eni-app-1", "eni-app-2"]);
    let peer = Some("10.0.0.0/24".parse().unwrap());
    let asked = flows(&[Flow { peer, ..Flow::asked(ports("tcp/8443")) }]);
    assert_eq!(packets(&policy_for(PATH), facts, "eni-app-1"), asked);
}

#[test]
fn a_path_that_neither_end_shows_is_a_blind_spot_with_its_reason() {
    let old = |facts: Facts, id: &str| facts.change_instance(id, |it| it.instance_type = "t2.micro".into());
    let facts = old(old(hosts(&["app", "vault"]), "i-app"), "i-vault");
    assert_eq!(mirrored(&policy_for(PATH), facts.clone()), Vec::<String>::new());
    let said = blind(&policy_for(PATH), facts);
    assert!(
        said.contains(&"path 1 is not seen between i-app and i-vault: neither end can be mirrored".into()),
        "{said:?}"
    );
}

#[test]
fn an_end_that_is_mirrored_anyway_costs_nothing() {
    let both = format!("[{{name: jewel, importance: {{select: {{tags: {{role: app}}}}}}}}, {}", &PATH[1..]);
    let facts = hosts(&["app-1", "app-2", "vault"]).subnet_with(&["10.0.0.0/24"]);
    assert_eq!(mirrored(&policy_for(&both), facts), ["eni-app-1", "eni-app-2"]);
}

#[test]
fn who_opts_out_is_no_end() {
    let facts = hosts(&["app-1", "app-2", "vault"])
        .subnet_with(&["10.0.0.0/24"])
        .change_instance("i-vault", |it| _ = it.tags.insert("mirror".into(), "off".into()));
    assert_eq!(mirrored(&policy_for(PATH), facts), ["eni-app-1", "eni-app-2"]);
}

#[test]
fn of_each_kind_a_few_are_drawn_and_as_many_of_those_that_can_be_mirrored() {
    let policy = policy_for("[{name: some, sample: {by: ['tag:role'], fraction: 0.34, atLeast: 1}}]");
    let names = ["web-1", "web-2", "web-3", "app-1", "app-2", "app-3", "db"];
    let facts = hosts(&names).change_instance("i-db", |it| it.instance_type = "t2.micro".into());
    let drawn = mirrored(&policy, facts.clone());
    let of = |role: &str| drawn.iter().filter(|id| id.starts_with(&format!("eni-{role}"))).count();
    assert_eq!([of("web"), of("app"), of("db")], [2, 2, 0], "{drawn:?}");
    let (one, _) = (drawn.first().unwrap(), ());
    let said = decided(&policy, &facts.read(0)).interfaces.remove(&one.as_str().into()).unwrap();
    assert!(matches!(&said.reasons[0], Reason::Drawn { stratum, .. } if stratum == "app"), "{said:?}");
}

#[test]
fn name_resolution_is_what_is_asked_and_the_resolvers_too() {
    let policy = policy_of(&format!(
        "{SENSORS}\nstrategies: [{{name: jewel, importance: {{}}}}]\nextras: {{dns: {{select: {{tags: {{role: web}}}}}}}}"
    ));
    let all = packets(&policy, hosts(&["web", "app"]), "eni-web");
    let expected = flows(&[Flow::asked(ports("udp/53")), Flow::asked(ports("tcp/53"))]);
    assert_eq!(all, expected.union(&PacketSet::resolver_alone()).unwrap());
    assert_eq!(mirrored(&policy, hosts(&["web", "app"])), ["eni-web"]);
}

const TRIPWIRE: &str = "strategies: [{name: jewel, importance: {}}]\n\
     extras: {tripwires: [{name: rdp, select: {platform: linux}, ports: [tcp/3389, tcp/445]}]}";

#[test]
fn a_tripwire_takes_what_is_sent_and_what_arrives_where_a_port_is_open() {
    let policy = policy_of(&format!("{SENSORS}\n{TRIPWIRE}"));
    let facts = hosts(&["web"]).open("sg-1", Some(6), Some((3000, 4000)), "10.0.0.0/8");
    let leaving = |text| Flow { direction: Some(Direction::Egress), ..Flow::asked(ports(text)) };
    let arriving = |text| Flow { direction: Some(Direction::Ingress), ..Flow::served(ports(text)) };
    let expected = flows(&[leaving("tcp/3389"), leaving("tcp/445"), arriving("tcp/3389")]);
    assert_eq!(packets(&policy, facts.clone(), "eni-web"), expected);
    let said = decided(&policy, &facts.read(0)).interfaces.remove(&"eni-web".into()).unwrap();
    let closed = Reason::CannotFire { strategy: "rdp".into(), ports: "tcp/445".into() };
    assert!(said.reasons.contains(&closed), "{said:?}");
    let windows = hosts(&["dc"]).change_instance("i-dc", |it| it.platform = Platform::Windows);
    assert_eq!(mirrored(&policy, windows), Vec::<String>::new());
}

/// Ports that are too many for a filter with those of the extras.
fn doors_and_dns() -> Policy {
    policy_of(&format!(
        "{SENSORS}\nstrategies: [{{name: doors, accessPath: {{select: {{}}, expect: [tcp/8443, tcp/8445, udp/500, tcp/22]}}}}]\n\
         extras: {{dns: {{}}}}"
    ))
}

#[test]
fn extras_that_do_not_fit_have_a_session_of_their_own_behind_all_others() {
    let decisions = decided(&doors_and_dns(), &hosts(&["web"]).read(0));
    let decision = &decisions.interfaces[&"eni-web".into()];
    let lanes: Vec<(&str, u16)> = decision.lanes.iter().map(|(lane, wish)| (lane.as_str(), wish.number)).collect();
    assert_eq!(lanes, [("sta", 100), ("sta/extras", 200)]);
    let extras = &decision.lanes[&"sta/extras".into()].capture;
    assert_eq!(extras.wishes.keys().collect::<Vec<_>>(), ["dns"]);
    assert_eq!(decision.lanes[&"sta".into()].target, decision.lanes[&"sta/extras".into()].target);
}

#[test]
fn without_a_slot_for_them_they_stay_and_the_filter_is_widened_and_says_so() {
    let policy = doors_and_dns();
    let facts = hosts(&["web"]).foreign_session("tms-f1", "eni-web", 1).foreign_session("tms-f2", "eni-web", 2).read(0);
    let decisions = decided(&policy, &facts);
    let lanes: BTreeSet<String> =
        decisions.interfaces[&"eni-web".into()].lanes.keys().map(ToString::to_string).collect();
    assert_eq!(lanes, BTreeSet::from(["sta".into()]));
    let desired = crate::testing::compiled(&policy, &decisions);
    let why = &desired.sessions.values().next().unwrap().why;
    assert!(why.contains("mirrored beside it"), "{why}");
    assert!(desired.filters.values().all(|spec| spec.rules.len() <= 10));
}

#[test]
fn what_does_not_fit_without_busy_ports_is_left_out_the_least_important_first_unless_the_policy_allows_it() {
    let rest = "strategies:\n\
         - {name: doors, accessPath: {select: {}, expect: [tcp/22, tcp/8443, udp/500, tcp/25, udp/4500]}}\n\
         - {name: more, accessPath: {select: {}, expect: [tcp/442, tcp/444, tcp/79, tcp/81, tcp/3305, tcp/3307]}}";
    let strict = policy_of(&format!("{SENSORS}\n{rest}"));
    let decision = decided(&strict, &hosts(&["web"]).read(0)).interfaces.remove(&"eni-web".into()).unwrap();
    let left_out = Reason::DoesNotFit { strategy: "more".into(), lane: "sta".into() };
    assert!(decision.reasons.contains(&left_out), "{decision:?}");
    assert_eq!(decision.lanes[&"sta".into()].capture.wishes.keys().collect::<Vec<_>>(), ["doors"]);
    let loose = policy_of(&format!("{SENSORS}\n{rest}\nlimits: {{widenOverBusyPorts: true}}"));
    let decision = decided(&loose, &hosts(&["web"]).read(0)).interfaces.remove(&"eni-web".into()).unwrap();
    assert_eq!(decision.lanes[&"sta".into()].capture.wishes.len(), 2);
}

#[test]
fn strategies_that_share_a_sensor_are_one_session_with_the_union_of_what_each_wants_less_its_own_excepts() {
    let policy = policy_for(
        "[{name: doors, accessPath: {select: {}, expect: [tcp/443]}, except: [10.9.0.0/16]}, \
          {name: backups, accessPath: {select: {}, expect: [tcp/443]}, except: [10.8.0.0/16]}]",
    );
    let all = packets(&policy, hosts(&["web"]), "eni-web");
    assert_eq!(all, flows(&[Flow::served(ports("tcp/443"))]), "each wants what the other excepts");
}

#[test]
fn a_group_that_may_reach_a_jewel_and_is_not_mirrored_is_another_way_in() {
    let policy =
        policy_for("[{name: jewel, importance: {select: {tags: {role: db}}, jumpBoxes: {tags: {role: bastion}}}}]");
    let group = |name: &'static str| move |it: &mut NetworkInterface| it.security_groups = [name.into()].into();
    let facts = hosts(&["db", "app", "bastion"])
        .change_interface("eni-app", group("sg-app"))
        .change_interface("eni-bastion", group("sg-bastion"))
        .open("sg-1", Some(6), Some((5432, 5432)), "sg-app")
        .open("sg-1", Some(6), Some((22, 22)), "sg-bastion")
        .open("sg-1", Some(6), Some((443, 443)), "10.0.0.0/8")
        .read(0);
    let ways = ways_in(&policy, &facts, &decided(&policy, &facts));
    let said: Vec<_> = ways.iter().map(|it| (it.group.as_str(), it.ports.len(), it.unseen.len())).collect();
    assert_eq!(said, [("sg-app", 1, 1)], "the bastion is watched");
    assert!(ways[0].ports.contains("tcp/5432") && ways[0].jewels.contains(&"eni-db".into()));
}

#[test]
fn of_a_host_at_the_end_of_a_path_the_interface_that_opts_out_is_left_alone() {
    let facts = hosts(&["app-1", "app-2", "vault"]).subnet_with(&["10.0.0.0/24"]).interface_with(
        "eni-vault-2",
        "i-vault",
        |it| it.tags = tags_of(&[("mirror", "off")]),
    );
    assert_eq!(mirrored(&policy_for(PATH), facts), ["eni-vault"]);
}

#[test]
fn where_both_ends_of_a_path_are_mirrored_anyway_its_packets_are_taken_at_one() {
    let both = format!("[{{name: doors, accessPath: {{select: {{}}, expect: [tcp/22]}}}}, {}", &PATH[1..]);
    let decisions = decided(&policy_for(&both), &hosts(&["app", "vault"]).subnet_with(&["10.0.0.0/24"]).read(0));
    let takes_it = |id: &str| {
        let lanes = &decisions.interfaces[&id.into()].lanes;
        lanes[&"sta".into()].capture.wishes.contains_key("data")
    };
    assert_eq!([takes_it("eni-app"), takes_it("eni-vault")], [false, true]);
}

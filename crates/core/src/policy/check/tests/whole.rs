//! Takes a policy that says everything there is to say; gives sentences about what it is read as.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::inventory::Part;
use crate::policy::{Choice, Interfaces, OptOut, Place, Policy, Role, Stratum, Way, parse, reference, schema};

pub(super) const EVERYTHING: &str = "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
tagKey: watch
scope:
  accounts:
    - {region: eu-west-1, roleArn: 'arn:aws:iam::111122223333:role/net/vpc-mirror', externalId: '4711'}
    - {region: us-gov-east-1}
  vpcs: [vpc-1, vpc-2]
sensors:
  sta:
    vni: 4242
    targets:
      - {existing: tmt-1, zones: [eu-west-1b]}
      - {networkInterface: eni-1}
      - {gatewayLoadBalancerEndpoint: vpce-1}
      - {tags: {sensor: sta}}
  zeek: {targets: [{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/zeek/1'}]}
strategies:
  - name: jewel
    sensor: sta
    importance:
      select: {any: [{tags: {tier: [swift, 'sw*']}}, {not: {platform: windows}}]}
      jumpBoxes: {autoScalingGroups: [bastions]}
    except: [tcp/2049, 10.9.8.7/16]
    packetLength: 128
    interfaces: primary
    optOut: allowed
    before: foreign
  - {name: web, sensor: zeek, importance: {}, except: [{ports: tcp/5432, network: 10.9.0.0/16}], ports: [tcp/443]}
  - name: data
    sensor: sta
    risk: {paths: [{from: {tags: {app: shop}}, to: {tags: {app: vault}}, ports: [tcp/8443, udp/500-510]}]}
  - name: junctions
    sensor: sta
    junction:
      loadBalancers: [{name: edge}, {tags: {tier: edge}}, {arn: 'arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/edge/1'}]
      webAcls: [{name: shield}, {arn: 'arn:aws:wafv2:eu-west-1:1:regional/webacl/shield/1'}]
      select: {tags: {role: proxy}}
  - {name: doors, sensor: sta, accessPath: {select: {}, expect: securityGroups}}
  - {name: some, sensor: sta, sample: {select: {}, by: ['tag:role', region, zone], fraction: 0.05, atLeast: 2, rotate: 24h}}
extras:
  dns: {select: {}, overTls: true, sensor: sta}
  tripwires: [{name: rdp, select: {platform: linux}, ports: [tcp/3389], sensor: zeek}]
instanceTypes: {supported: [m8g], unsupported: [m5.large]}
limits: {maxSessions: 5000, maxMonthlyUsd: 20000, maxLosses: 10%, newSourcesPerHour: 500, apiShare: 25%, widenOverBusyPorts: true}
settle: 1m
paused: true
";

fn policy() -> Policy {
    parse("p.yaml", EVERYTHING).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn everything_that_can_be_said_is_understood() {
    let policy = policy();
    assert_eq!(policy.vpcs, BTreeSet::from(["vpc-1".into(), "vpc-2".into()]));
    let role = Role { arn: "arn:aws:iam::111122223333:role/net/vpc-mirror".into(), external_id: Some("4711".into()) };
    let [first, second] = policy.places.as_slice() else { panic!("{:?}", policy.places) };
    assert_eq!(*first, Place { region: "eu-west-1".into(), role: Some(role), line: 7 });
    assert_eq!((first.account(), second.account()), (Some("111122223333".into()), None));
    assert!(policy.paused);
    let sta = &policy.sensors["sta"];
    assert_eq!((sta.vni, sta.targets.len()), (Some(4242), 4));
    assert_eq!(sta.targets[0].zones, BTreeSet::from(["eu-west-1b".into()]));
    assert!(matches!(&sta.targets[3].to, Way::Tagged(tags) if tags["sensor"] == "sta"));
    let jewel = &policy.strategies[0];
    let excepts: Vec<String> = jewel.except.iter().map(ToString::to_string).collect();
    assert_eq!(excepts, ["tcp/2049", "10.9.0.0/16"]);
    assert_eq!((jewel.packet_length, jewel.interfaces), (Some(128), Interfaces::Primary));
    assert_eq!((jewel.opt_out, jewel.before_foreign), (OptOut::Allowed, true));
    let web = &policy.strategies[1];
    assert_eq!(web.except.first().unwrap().to_string(), "tcp/5432 with 10.9.0.0/16");
    assert_eq!((policy.limits.max_sessions, policy.limits.max_monthly_usd), (Some(5000), Some(20000.0)));
    assert_eq!((policy.limits.max_losses, policy.limits.api_share), (0.1, 0.25));
    assert_eq!(policy.limits.new_sources_per_hour, Some(500));
    assert!(policy.limits.widen_over_busy_ports);
}

#[test]
fn every_way_to_choose_is_understood_and_the_extras_come_last() {
    let policy = policy();
    let names: Vec<&str> = policy.strategies.iter().map(|strategy| strategy.name.as_str()).collect();
    assert_eq!(names, ["jewel", "web", "data", "junctions", "doors", "some", "dns", "rdp"]);
    let extras: Vec<bool> = policy.strategies.iter().map(|strategy| strategy.choice.is_extra()).collect();
    assert_eq!(extras, [false, false, false, false, false, false, true, true]);
    assert_eq!(policy.needs(), Part::ALL.into());
    let ports = |at: usize| policy.strategies[at].ports.iter().flatten().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((ports(0), ports(1)), (vec![], vec!["tcp/443".into()]));
    let Choice::Risk { paths } = &policy.strategies[2].choice else { panic!("{:?}", policy.strategies[2]) };
    assert_eq!(paths[0].ports.iter().map(ToString::to_string).collect::<Vec<_>>(), ["tcp/8443", "udp/500-510"]);
    let Choice::Sample(sample) = &policy.strategies[5].choice else { panic!("{:?}", policy.strategies[5]) };
    assert_eq!((sample.fraction, sample.at_least, sample.rotate), (0.05, 2, Some(SignedDuration::from_hours(24))));
    assert_eq!(sample.by, [Stratum::Tag("role".into()), Stratum::Region, Stratum::Zone]);
    assert_eq!(policy.strategies[3].opt_out, OptOut::Allowed, "only jewels forbid it unless told otherwise");
}

#[test]
fn lanes_are_ranked_by_the_first_strategy_of_their_sensor() {
    let policy = policy();
    assert_eq!((policy.lane_rank(&"sta".into()), policy.lane_rank(&"zeek".into())), (0, 1));
}

#[test]
fn the_schema_and_the_reference_say_every_word_that_a_policy_can_say() {
    let (schema, reference) = (schema().to_string(), reference());
    let words =
        EVERYTHING.split(|c: char| !c.is_ascii_alphanumeric() && c != ':').filter_map(|word| word.strip_suffix(':'));
    // What a policy calls its own things is no word of ours.
    let own = ["", "sta", "zeek", "tier", "app", "role", "arn"];
    for word in words.filter(|word| !own.contains(word) && !word.contains(':')) {
        assert!(schema.contains(&format!("\"{word}\"")), "the schema lacks {word}");
        assert!(reference.contains(&format!("`{word}`")), "the reference lacks {word}");
    }
}

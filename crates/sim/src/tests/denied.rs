//! Takes a user who may not do all that he tries; gives what he is told, in which order AWS looks, and what a launch needs. Never repeats
//! what the mirror objects need.

use super::permissions::{DENIED, HAS_OURS, US, allow, arn, code, message, result, tagged_filter, where_alice_may};
use super::*;
use crate::api::Rates;

#[test]
fn what_is_absent_is_denied_before_it_is_not_found_or_the_other_way_round() {
    for (absent_is_denied, refusal) in [(true, DENIED), (false, "InvalidTrafficMirrorFilterId.NotFound")] {
        let mut world = empty_world();
        world.unknowns.absent_is_denied = absent_is_denied;
        let mut api = where_alice_may(world, &allow("ec2:*", "*", HAS_OURS));
        assert_eq!(code(&mut api, Request::DeleteTrafficMirrorFilter("tmf-0".into())), refusal);
    }
    let mut api = where_alice_may(empty_world(), &allow("ec2:*", "*", ""));
    let refusal = code(&mut api, Request::DeleteTrafficMirrorFilter("tmf-0".into()));
    assert_eq!(refusal, "InvalidTrafficMirrorFilterId.NotFound", "whoever may delete all is told the truth");
    let mut api = where_alice_may(empty_world(), &allow("ec2:Describe*", "*", ""));
    assert_eq!(code(&mut api, Request::DetachNetworkInterface("eni-attach-0".into())), DENIED);
}

#[test]
fn a_launch_is_asked_for_on_all_that_it_makes_and_uses() {
    let Setting { world, network, .. } = setting();
    let wish = RunInstances {
        image: "ami-1".into(),
        instance_type: "m5.large".into(),
        min_count: 1,
        max_count: 1,
        instance_tags: tags_of([("owner", "prod")]),
        ..RunInstances::default()
    };
    let subnet = format!("arn:aws:ec2:eu-west-1:{US}:subnet/{}", network.subnets[0]);
    let image = "arn:aws:ec2:eu-west-1::image/ami-1";
    let kinds = ["instance", "network-interface", "security-group", "volume"].map(arn);
    let all = [&kinds[0], &kinds[1], &kinds[2], &kinds[3], &subnet, image];
    let tags = allow("ec2:CreateTags", "*", r#""StringEquals": {"ec2:CreateAction": "RunInstances"}"#);
    for lacking in [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(5)] {
        let granted = all.iter().enumerate().filter(|(at, _)| Some(*at) != lacking).map(|(_, arn)| *arn);
        let granted = granted.collect::<Vec<&str>>().join(" ");
        let mut api =
            where_alice_may(world.clone(), &[allow("ec2:RunInstances", &granted, ""), tags.clone()].join(","));
        let refusal = code(&mut api, Request::RunInstances(wish.clone()));
        assert_eq!(refusal.is_empty(), lacking.is_none(), "{lacking:?}");
    }
    let small = r#""StringEqualsIfExists": {"ec2:InstanceType": "t3.micro"}"#;
    let mut api = where_alice_may(world, &allow("ec2:*", "*", small));
    assert_eq!(code(&mut api, Request::RunInstances(wish)), DENIED);
}

#[test]
fn a_refusal_says_who_may_not_do_what_to_what_and_why() {
    let deny = r#"{"Effect": "Deny", "Action": "ec2:DeleteTrafficMirrorFilter", "Resource": "*"}"#;
    let Setting { world, filter, .. } = setting();
    let delete = || Request::DeleteTrafficMirrorFilter(filter.clone());
    let who = format!(
        "You are not authorized to perform this operation. User: arn:aws:iam::{US}:user/alice is not authorized to perform: \
         ec2:DeleteTrafficMirrorFilter on resource: arn:aws:ec2:eu-west-1:{US}:traffic-mirror-filter/{filter} "
    );
    for (statements, why) in [
        (
            allow("ec2:Describe*", "*", ""),
            "because no identity-based policy allows the ec2:DeleteTrafficMirrorFilter action",
        ),
        (
            [allow("*", "*", ""), deny.into()].join(","),
            "with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/mirroring",
        ),
    ] {
        let mut api = where_alice_may(world.clone(), &statements);
        let error = result(&mut api, delete()).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), (DENIED, 403));
        assert!(error.message.starts_with(&format!("{who}{why}")), "{}", error.message);
        assert!(error.message.contains("Encoded authorization failure message: "), "{}", error.message);
    }
    let mut api = where_alice_may(world, &allow("*", "*", ""));
    let document = format!(r#"{{"Statement": {deny}}}"#);
    api.iam_mut().control(&US.into(), Policy::identity("guard", &document).unwrap());
    let why = message(&mut api, delete());
    assert!(why.contains("with an explicit deny in a service control policy"), "{why}");
    assert_eq!(code(&mut api, Request::DescribeVpcs(Describe::all())), "", "what no such policy denies stays allowed");
}

#[test]
fn a_call_that_is_denied_uses_up_the_rate() {
    let mut api = where_alice_may(empty_world(), &allow("ec2:Describe*", "*", ""));
    api.limit_rates(Some(Rates::documented()));
    (0..50).for_each(|_| assert_eq!(code(&mut api, tagged_filter("prod")), DENIED));
    assert_eq!(code(&mut api, tagged_filter("prod")), "RequestLimitExceeded");
}

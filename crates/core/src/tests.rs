//! Takes one or two of ours and a small cloud; gives sentences about what they come to, round after round.

mod day;
mod drift;
mod edit_script;
mod hints;
mod keeping;
mod lookalikes;
mod losses;
mod swaps;
mod targets;
mod two_owners;

use crate::policy::Policy;
use crate::testing::cloud::{Cloud, Reconciler};
use crate::testing::{Dice, Facts, NLB, policy_of};

/// Jewels, not mirrored.
fn jewels(count: usize) -> Facts {
    (0..count).fold(Facts::new(), |facts, n| {
        let (instance, interface) = (format!("i-{n:04}"), format!("eni-{n:04}"));
        facts.instance(&instance, &[("mirror", "jewel")]).interface(&interface, &instance)
    })
}

/// A policy that mirrors jewels to a load balancer.
fn to_load_balancer(arn: &str) -> Policy {
    let sensors = format!("sensors: {{sta: {{targets: [{{networkLoadBalancer: '{arn}'}}]}}}}");
    policy_of(&format!("{sensors}\nstrategies: [{{name: jewel, importance: {{}}}}]\nlimits: {{maxLosses: 100%}}"))
}

/// So many jewels, mirrored, and the time by which that was so.
fn mirrored(count: usize) -> (Cloud, Reconciler, i64) {
    let mut cloud = Cloud::new(jewels(count));
    let mut ours = Reconciler::new(to_load_balancer(NLB));
    let now = ours.settle(&mut cloud, 0);
    assert_eq!(cloud.facts.0.sessions.len(), count);
    (cloud, ours, now)
}
